/**
 * What each kind of work costs its simulated core, in CPU microseconds. NOT CALIBRATED: plausible figures for one core
 * of a small machine, so that queues form and strategies differ. Nothing absolute may be concluded from them.
 */
export const costs = {
  /** Server: parse, check and handle one frame. */
  frameIn: 30,
  /** Server: serialise and write one frame to one socket. */
  frameOut: 8,
  /** Server: take one connection. */
  accept: 60,
  /** Server: one HTTP request. */
  http: 120,
  /** Server: answer one probe. */
  probe: 40,
  /** Server: ask the store, and take its answer. */
  storeCall: 15,
  /** Server: take hints of others. */
  hints: 10,
  /** Server: one password hash or check; far below argon2id, which would hide everything else. */
  password: 1000,
  /** Balancer: decide and open one connection. */
  route: 40,
  /** Balancer: copy one packet. */
  forward: 5,
  /** Database: one statement, and each row that it writes. */
  statement: 150,
  row: 15,
} as const;

/** What a server's memory is taken to be; NOT CALIBRATED either. */
export const memory = {
  baseBytes: 60 * 1024 * 1024,
  perConnectionBytes: 20 * 1024,
} as const;
