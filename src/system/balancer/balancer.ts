import { Problem } from '../problem.ts';
import type { ServerStats } from '../protocol/http.ts';
import type { ServerId } from '../protocol/ids.ts';
import type { Balancer, BalancerSettings, BalancerWorld } from './contract.ts';
import { type Health, healthAfter, type Sign } from './health.ts';
import { createProber } from './prober.ts';
import { createServerRecord, type ServerRecord, statsOf } from './server-record.ts';
import { strategyNamed } from './strategies/index.ts';

/**
 * Probes are sent at once on start, then every `probeMs`. A probe that is not answered within half a period is repeated
 * at once; when that one fails too the server is lost. So a dead server is out after two periods at the latest, and
 * after one failed connection at once; one good probe brings it back. A draining server gets no new connection.
 *
 * Throws a `Problem` when the settings make no sense.
 */
export function createBalancer(world: BalancerWorld, settings: BalancerSettings): Balancer {
  checkSettings(settings);
  const { clock } = world;
  const strategy = strategyNamed(settings.strategy).create({ clock, random: world.random.fork('strategy') });
  const servers = settings.servers.map(createServerRecord);
  const recordOf = lookup(servers);
  const prober = createProber(
    { clock, random: world.random.fork('probe phase'), probe: world.probe },
    { servers: servers.map(({ id }) => id), probeMs: settings.probeMs },
    { answered, missed: (id, error) => judge(recordOf(id), 'missed', error) === 'suspected' },
  );

  function answered(id: ServerId, stats: ServerStats): void {
    const server = recordOf(id);
    Object.assign(server, { stats, probedAt: clock.now(), assignedSinceProbe: 0 });
    judge(server, 'answered');
    strategy.observe?.({ kind: 'probed', server: id, stats, at: clock.now() });
  }

  function judge(server: ServerRecord, sign: Sign, error?: unknown): Health {
    const before = server.health;
    server.health = healthAfter(before, sign);
    if (server.health !== before) announce(server, sign, error);
    return server.health;
  }

  function announce({ id, health }: ServerRecord, sign: Sign, error: unknown): void {
    const reason = error instanceof Error ? error.message : undefined;
    world.log.write(health === 'healthy' ? 'info' : 'warn', `server ${health}`, { server: id, sign, reason });
    if (health === 'lost') strategy.observe?.({ kind: 'lost', server: id, at: clock.now() });
  }

  return {
    start: prober.start,
    stop: prober.stop,
    route(request, except) {
      const offered = candidates(servers, except);
      const id = strategy.pick(offered, request);
      if (id === null) return null;
      const server = offered.find((candidate) => candidate.id === id);
      if (server === undefined) throw new Error(`Strategy ${settings.strategy} chose ${id}, which was not offered.`);
      server.connections++;
      server.assignedSinceProbe++;
      server.assignedTotal++;
      return id;
    },
    opened(id) {
      strategy.observe?.({ kind: 'opened', server: id, at: clock.now() });
    },
    closed(id) {
      recordOf(id).connections--;
      strategy.observe?.({ kind: 'closed', server: id, at: clock.now() });
    },
    failed(id) {
      const server = recordOf(id);
      server.connections--;
      server.failedTotal++;
      strategy.observe?.({ kind: 'failed', server: id, at: clock.now() });
      if (server.health === 'lost') return;
      judge(server, 'refused');
      prober.ask(id);
    },
    stats: () => ({
      strategy: settings.strategy,
      connections: servers.reduce((sum, server) => sum + server.connections, 0),
      assignedTotal: servers.reduce((sum, server) => sum + server.assignedTotal, 0),
      servers: servers.map(statsOf),
    }),
  };
}

// ---

/** The healthy ones; those under suspicion only when nobody is healthy, for a late answer must not refuse everybody. */
function candidates(
  servers: readonly ServerRecord[],
  except: ReadonlySet<ServerId> | undefined,
): readonly ServerRecord[] {
  const open = servers.filter((server) => server.stats?.draining === false && !except?.has(server.id));
  const healthy = open.filter((server) => server.health === 'healthy');
  return healthy.length > 0 ? healthy : open.filter((server) => server.health === 'suspected');
}

function lookup(servers: readonly ServerRecord[]): (id: ServerId) => ServerRecord {
  const byId = new Map(servers.map((server) => [server.id, server]));
  return (id) => {
    const server = byId.get(id);
    if (server === undefined)
      throw new Error(`There is no server ${id}; the servers are: ${[...byId.keys()].join(', ')}.`);
    return server;
  };
}

function checkSettings({ servers, probeMs }: BalancerSettings): void {
  if (!(probeMs > 0)) throw new Problem(`probeMs is ${probeMs}; it must be above 0 milliseconds.`);
  if (servers.length === 0) throw new Problem('The balancer was given no server; it needs at least one.');
  for (const { id, weight } of servers) {
    if (!(weight > 0 && Number.isFinite(weight)))
      throw new Problem(`Server ${id} has weight ${weight}; a weight is a number above 0, and 1 is the usual one.`);
    if (servers.filter((other) => other.id === id).length > 1)
      throw new Problem(`Two servers are called ${id}; every server needs a name of its own.`);
  }
}
