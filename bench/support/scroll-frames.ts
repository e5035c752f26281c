import { type ChatPages, entry, said } from '../../test/helpers/chat-pages.ts';
import { rounded } from './run-once.ts';
import { writeHistory } from './write-history.ts';

/** As fast as a hand on a wheel: 240 pixels a frame, to the very first message. Answers the lengths of all frames. */
const scrollUp = `new Promise((resolve) => {
  const box = document.querySelector('.messages');
  const frames = [];
  let last = performance.now();
  let still = 0;
  const step = () => {
    const now = performance.now();
    frames.push(now - last);
    last = now;
    still = box.scrollTop === 0 ? still + 1 : 0;
    if (still > 120) return resolve(frames);
    box.scrollTop -= 240;
    requestAnimationFrame(step);
  };
  requestAnimationFrame(step);
})`;

/** How evenly a conversation of this many messages scrolls from its end to its beginning. */
export async function scrollFrames(
  { person, origin }: ChatPages,
  count: number,
  tell: (progress: string) => void,
): Promise<Record<string, number | null>> {
  const { page } = await person('reader');
  // Who is away meets all of it at once, in far fewer writes to the disk.
  await page.goto('about:blank');
  await writeHistory({
    origin,
    reader: 'reader',
    count,
    progress: (written) => tell(`${written} of ${count} messages written`),
  });
  await page.goto(origin);
  const received = entry(page, 'writer');
  await received.getByText(`message ${count},`).waitFor({ timeout: 120_000 });
  tell('all received');
  await received.click();
  await page.locator('.message').first().waitFor();
  await page.getByRole('button', { name: 'To the newest messages' }).click();
  await page.locator('.message').getByText(`message ${count},`).waitFor();
  const begun = performance.now();
  const frames = (await page.evaluate(scrollUp)) as number[];
  const sorted = frames.toSorted((a, b) => a - b);
  await said(page, 'message 1, of no great length').waitFor();
  const sec = (performance.now() - begun) / 1000;
  tell('scrolled to the first');
  return {
    scrolledMessages: count,
    scrollSec: rounded(sec, 1),
    frames: frames.length,
    frameP50Ms: rounded(sorted[Math.floor(sorted.length / 2)]!, 1),
    frameP99Ms: rounded(sorted[Math.floor(sorted.length * 0.99)]!, 1),
    frameMaxMs: rounded(sorted.at(-1)!, 1),
    framesOver50Ms: sorted.filter((ms) => ms > 50).length,
    rowsInPage: await page.locator('.messages li').count(),
  };
}
