/**
 * The part of IndexedDB and Web Locks that is used here, for a program that is compiled without the types of browsers.
 * The browser's own objects fit. https://www.w3.org/TR/IndexedDB/ and https://www.w3.org/TR/web-locks/
 */
export interface IdbFactory {
  open(name: string, version?: number): IdbRequest<IdbDatabase>;
  deleteDatabase(name: string): IdbRequest<unknown>;
}

export interface IdbRequest<T> {
  readonly result: T;
  readonly error: IdbError | null;
  /** `success`, `error`, and for an opening `upgradeneeded`. */
  addEventListener(event: string, listener: (event: IdbEvent) => void): void;
}

export interface IdbEvent {
  /** Of `upgradeneeded`: the version of what is there, 0 for nothing. */
  readonly oldVersion?: number;
}

export interface IdbError {
  readonly name: string;
  readonly message: string;
}

export interface IdbDatabase {
  readonly version: number;
  createObjectStore(name: string, options?: { keyPath?: string | string[] }): IdbStore;
  transaction(stores: string[], mode: 'readonly' | 'readwrite', options?: { durability?: 'strict' }): IdbTransaction;
  close(): void;
  /** `close`: the browser ended the connection. */
  addEventListener(event: string, listener: () => void): void;
}

export interface IdbTransaction {
  readonly error: IdbError | null;
  objectStore(name: string): IdbStore;
  abort(): void;
  /** `complete` or `abort`. */
  addEventListener(event: string, listener: () => void): void;
}

export type IdbKey = number | string | IdbKey[];

/** Made by `IdbKeyRanges`; opaque. */
export interface IdbKeyRange {
  readonly lower: unknown;
  readonly upper: unknown;
}

export interface IdbKeyRanges {
  bound(lower: IdbKey, upper: IdbKey, lowerOpen?: boolean, upperOpen?: boolean): IdbKeyRange;
}

export interface IdbSource {
  openCursor(range: IdbKeyRange | null, direction: 'next' | 'prev'): IdbRequest<IdbCursor | null>;
}

export interface IdbStore extends IdbSource {
  get(key: IdbKey): IdbRequest<unknown>;
  getAll(range?: IdbKeyRange | null, count?: number): IdbRequest<unknown[]>;
  getAllKeys(range?: IdbKeyRange | null): IdbRequest<unknown[]>;
  put(value: unknown, key?: IdbKey): IdbRequest<unknown>;
  delete(key: IdbKey): IdbRequest<unknown>;
  createIndex(name: string, keyPath: string[]): IdbSource;
  index(name: string): IdbSource;
}

export interface IdbCursor {
  readonly value: unknown;
  continue(): void;
}

export interface LockManager {
  request<T>(
    name: string,
    options: { ifAvailable: true } | { signal: AbortSignal },
    held: (lock: object | null) => T | Promise<T>,
  ): Promise<T>;
}
