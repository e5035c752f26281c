import { config } from 'zod';

// The policy of the page forbids code made from text. zod tries that when a schema is made, and is told off in the console: so
// this comes before whatever makes one.
config({ jitless: true });
