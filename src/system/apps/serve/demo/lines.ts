/** What the scripted users say. */

export interface Character {
  readonly name: string;
  readonly hello: string;
  /** The first that fits answers. */
  readonly answers: readonly (readonly [RegExp, readonly string[]])[];
}

const anything = /^/;

export const characters: readonly Character[] = [
  {
    name: 'ada',
    hello: 'Hello! I am a small program, and I answer what you write. Ask me what happens when a server dies.',
    answers: [
      [
        /server|kill|die|crash/i,
        [
          'Open the corner at the lower left, and press Kill beside the server that you are on. I will keep talking to you.',
          'Your client notices, comes back by the balancer, and asks for what it missed. Try it: send me something while it is away.',
        ],
      ],
      [
        /encrypt|secret|safe|code/i,
        [
          'Only our two devices can read this. Open Details and compare the safety code, if you want to be sure that nobody stands between us.',
        ],
      ],
      [/hello|hi\b|hey|good/i, ['Hello! How is the weather on your side of the network?', 'Good to see you.']],
      [
        /\?/,
        [
          'I would say yes, but I have been wrong before.',
          'That depends on which server you ask.',
          'Good question. Ask grace, she wrote the compiler.',
        ],
      ],
      [
        anything,
        [
          'Noted.',
          'Tell me more.',
          'That looks like a good beginning.',
          'I shall put it into a footnote.',
          'Exactly once, as promised.',
        ],
      ],
    ],
  },
  {
    name: 'grace',
    hello: 'Good to have you here. In this group you are not alone.',
    answers: [
      [/\?/, ['It is easier to ask forgiveness than permission.', 'I would measure it before I believed it.']],
      [anything, ['I found a moth in it, but it works now.', 'A nanosecond is this long.', 'Carry on.']],
    ],
  },
  {
    name: 'alan',
    hello: 'I am here too, and I am quite certainly not a machine.',
    answers: [
      [/\?/, ['Can you prove it?', 'We can only see a short distance ahead.']],
      [anything, ['Plenty there that needs to be done.', 'I had the same thought while running.', 'Curious.']],
    ],
  },
];

/** The answer to a text; another one the next time. `turn` counts the answers that were given. */
export function answerTo({ answers }: Character, text: string, turn: number): string {
  const [, lines] = answers.find(([pattern]) => pattern.test(text)) ?? answers.at(-1)!;
  return lines[turn % lines.length]!;
}
