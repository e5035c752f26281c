import { startEmbeddedPostgres } from '../../database/postgres-embedded.ts';
import type { Log } from '../../ports.ts';

/** Which PostgreSQL the servers share. */
export type DatabaseChoice =
  /** One of our own, in a folder that is kept (`persistent`) or removed at the end. */
  | {
      readonly kind: 'embedded';
      readonly directory: string;
      readonly persistent: boolean;
      /** Settings of postgresql.conf. */
      readonly settings?: Readonly<Record<string, string>>;
    }
  /** One that runs already, and goes on running. */
  | { readonly kind: 'external'; readonly url: string };

export interface Database {
  readonly url: string;
  /** The postmaster; null when the database is not ours. */
  readonly pid: number | null;
  stop(): Promise<void>;
}

export async function openDatabase(choice: DatabaseChoice, log: Log): Promise<Database> {
  switch (choice.kind) {
    case 'embedded': {
      const { kind: _, ...options } = choice;
      return startEmbeddedPostgres({ ...options, log });
    }
    case 'external':
      return { url: choice.url, pid: null, stop: async () => {} };
  }
}
