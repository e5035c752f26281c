/** Containers of testcontainers, placed as a laboratory needs them. */
import { PostgreSqlContainer } from '@testcontainers/postgresql';
import { GenericContainer } from 'testcontainers';

export interface Place {
  /** Its name, by which the others on the network find it. */
  readonly name: string;
  readonly network: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Port inside, and the port of the host that leads there: the same after a restart. */
  readonly port: { readonly container: number; readonly host: number };
  /** Address of the host that the port is open on; null: all of them. */
  readonly hostAddress: string | null;
  readonly quota: Quota;
}

/** What a container may use of the machine; what is null is not limited. */
export interface Quota {
  /** Cores' worth of time. */
  readonly cpus: number | null;
  readonly memoryBytes: number | null;
  /** Cores that it may run on, as `0` or `2-3`. */
  readonly cores: string | null;
}

export class PlacedContainer extends GenericContainer {
  readonly #place: Place;

  constructor(image: string, place: Place) {
    super(image);
    this.#place = place;
    settle(this, place);
  }

  protected override async beforeContainerCreated(): Promise<void> {
    Object.assign(this.hostConfig, hostConfigOf(this.#place));
    Object.assign(this.createOpts, noHealthCheck);
  }
}

export class PlacedPostgres extends PostgreSqlContainer {
  readonly #place: Place;

  constructor(image: string, place: Place) {
    super(image);
    this.#place = place;
    settle(this, place);
  }

  protected override async beforeContainerCreated(): Promise<void> {
    Object.assign(this.hostConfig, hostConfigOf(this.#place));
    Object.assign(this.createOpts, noHealthCheck);
  }
}

// ---

function settle(container: GenericContainer, { name, network, labels, port }: Place): void {
  container
    .withName(name)
    .withNetworkMode(network)
    .withLabels({ ...labels })
    .withExposedPorts(port)
    .withAutoCleanup(false)
    .withStartupTimeout(startMs);
}

const startMs = 60_000;

/** Nobody but us looks after them, and a health check takes CPU from what is measured. */
const noHealthCheck = { Healthcheck: { Test: ['NONE'] } };

/** What testcontainers has no words for. */
function hostConfigOf({ port, hostAddress, quota }: Place) {
  const binding = { HostPort: String(port.host), ...(hostAddress === null ? {} : { HostIp: hostAddress }) };
  return {
    PortBindings: { [`${port.container}/tcp`]: [binding] },
    ...(quota.cpus === null ? {} : { NanoCpus: Math.round(quota.cpus * 1e9) }),
    // Without swap beyond it: memory that is used up ends the container, as it would a small machine's process.
    ...(quota.memoryBytes === null ? {} : { Memory: quota.memoryBytes, MemorySwap: quota.memoryBytes }),
    ...(quota.cores === null ? {} : { CpusetCpus: quota.cores }),
  };
}
