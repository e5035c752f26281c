import { cpus, totalmem } from 'node:os';
import { Command } from 'commander';
import { locatePrograms } from '../../../system/node.ts';
import type { Backend } from '../../backends/backend.ts';
import type { EngineState } from '../../backends/containers/examine.ts';
import { coresMin } from '../../backends/containers/quotas.ts';
import { backends } from '../../backends/index.ts';
import { exitStatus } from '../exit.ts';

export function doctorCommand(): Command {
  return new Command('doctor')
    .description('Say what this machine can run, and why not the rest. Starts and fetches nothing.')
    .action(async () => {
      const findings = await examine();
      for (const finding of findings) console.log(told(finding));
      const usual = findings.find(({ name }) => name === 'processes');
      process.exitCode = usual?.able ? exitStatus.pass : exitStatus.couldNotRun;
    });
}

/** What is to be said of the container engine. */
export function findingOf(state: EngineState): Finding {
  if (state.kind === 'missing') return { name: 'containers', able: false, says: [state.reason] };
  const { engine, missingImages } = state;
  const apart =
    engine.cpus < coresMin
      ? `Fewer than ${coresMin} cores: database and balancer share them with the servers, unless a scenario sets cluster.cores.`
      : 'Database and balancer get cores of their own.';
  const images =
    missingImages.length === 0
      ? 'The base images are there.'
      : `Not here yet, and fetched by the first run: ${missingImages.join(', ')} (without a registry: scripts/offline-images.sh).`;
  return {
    name: 'containers',
    able: true,
    says: [
      `Engine ${engine.version} with ${engine.cpus} cores and ${inGiB(engine.memoryBytes)} GiB.`,
      apart,
      images,
      engine.local
        ? limitsOf(backends.containers)
        : 'It runs on another machine: faults of links (linkSlow, linkCut, linkHalfOpen, linkReset) are refused there.',
    ],
  };
}

// ---

/** What was found out about one thing; each line of `says` is one sentence. */
export interface Finding {
  readonly name: string;
  readonly able: boolean;
  readonly says: readonly string[];
}

const gibibyte = 1024 ** 3;

function told({ name, able, says }: Finding): string {
  return [`${able ? 'yes' : 'no '}  ${name}`, ...says.map((line) => `       ${line}`)].join('\n');
}

async function examine(): Promise<readonly Finding[]> {
  return [
    machine(),
    await processes(),
    await containers(),
    { name: 'virtual', able: true, says: ['Runs everywhere.', limitsOf(backends.virtual)] },
  ];
}

function machine(): Finding {
  const cores = cpus();
  const few = cores.length < coresMin;
  return {
    name: 'machine',
    able: true,
    says: [
      `Node ${process.versions.node}, ${cores.length} cores (${cores[0]?.model.trim() ?? 'unknown'}), ${inGiB(totalmem())} GiB.`,
      ...(few ? ['Fewer than four cores: users, balancer, servers and database take CPU from each other.'] : []),
    ],
  };
}

async function processes(): Promise<Finding> {
  try {
    const { postgres } = await locatePrograms();
    return { name: 'processes', able: true, says: [`PostgreSQL is ${postgres}.`, limitsOf(backends.processes)] };
  } catch (error) {
    return { name: 'processes', able: false, says: [(error as Error).message] };
  }
}

function limitsOf({ cannot }: Backend): string {
  return cannot.size === 0 ? 'All faults are possible.' : `Faults that are refused here: ${[...cannot].join(', ')}.`;
}

async function containers(): Promise<Finding> {
  const { examineEngine } = await import('../../backends/containers/examine.ts');
  return findingOf(await examineEngine());
}

function inGiB(bytes: number): string {
  return (bytes / gibibyte).toFixed(1);
}
