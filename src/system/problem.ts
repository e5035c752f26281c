/** Something that keeps a program from running. The message is one sentence for people: cause and remedy, no stack trace. */
export class Problem extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Problem';
  }
}
