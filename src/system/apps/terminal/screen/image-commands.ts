import { Problem } from '../../../problem.ts';
import type { Item } from '../../shared/messenger.ts';
import { imageFile, isFile, saveImage } from '../pictures/files.ts';
import type { Command, Desk } from './desk.ts';

/** Images: sent from files, shown, and saved to files. */
export const imageCommands: readonly Command[] = [
  { name: 'image', usage: '/image FILE [CAPTION]', what: 'sends an image', words: 1, run: sendImage },
  { name: 'view', usage: '/view', what: 'shows the lowest image on the screen', words: 0, run: view },
  { name: 'save', usage: '/save [FILE]', what: 'saves the lowest image on the screen', words: 0, run: save },
];

// ---

async function sendImage({ messenger, current, say }: Desk, text: string): Promise<void> {
  const { id } = current();
  const [path, caption] = await splitPath(text);
  const source = await imageFile(path);
  say('Sending the image …');
  const onProgress = ({ bytes, total }: { readonly bytes: number; readonly total: number | null }) => {
    if (total !== null && bytes < total) say(`Sending the image … ${Math.round((bytes / total) * 100)} %`);
  };
  const { outcome } = messenger.sendImage(id, source, { caption, onProgress });
  const done = await outcome;
  if (done.kind === 'sent') say('The image is sent.');
  else if (done.kind === 'notUploaded' || done.kind === 'failed') say(`The image was not sent: ${done.reason}`, true);
}

/** A path may have spaces in it: the longest beginning that is a file counts. */
async function splitPath(text: string): Promise<readonly [path: string, caption: string]> {
  const words = text.split(' ');
  for (let count = words.length; count > 1; count--) {
    const path = words.slice(0, count).join(' ');
    if (await isFile(path)) return [path, words.slice(count).join(' ').trim()];
  }
  return [words[0]!, words.slice(1).join(' ').trim()];
}

async function view(desk: Desk): Promise<void> {
  const image = await read(desk, await lowest(desk));
  await desk.picture(image);
}

async function save(desk: Desk, path: string): Promise<void> {
  const item = lowest(desk);
  const { bytes, type } = await read(desk, item);
  const name = `nawaab-${item.conversation}-${item.seq}`;
  desk.say(`Saved as ${await saveImage({ path, name, type, bytes })}`);
}

function lowest({ shown }: Desk): Item {
  const item = shown().findLast(({ content }) => content.kind === 'image');
  if (item) return item;
  throw new Problem('There is no image on the screen or above; scroll to it.');
}

async function read({ messenger, say }: Desk, { conversation, seq }: Item) {
  say('Fetching the image …');
  const image = await messenger.readImage(conversation, seq);
  if (image.kind === 'image') return image;
  throw new Problem(`The image cannot be shown: ${image.reason}`);
}
