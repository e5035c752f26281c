import type { WriteStream } from 'node:tty';
import { decodePicture, pngOf } from '../pictures/decode.ts';
import { halfBlocks } from '../pictures/half-blocks.ts';
import { graphicsEnd, graphicsOf, graphicsProtocol } from '../pictures/protocol.ts';
import type { Line } from '../text/spans.ts';
import type { Picture } from './desk.ts';
import type { Mounted } from './mount.ts';
import { clear } from './terminal.ts';
import type { DrawThumbnail } from './thumbnails.ts';
import type { Size } from './ui.ts';

/** Pictures as this terminal can show them. */
export interface Pictures {
  /** Null where there are no colors: then blocks show nothing. */
  readonly thumbnail: DrawThumbnail | null;
  /** Shows it on the whole screen and resolves with null; or resolves with lines to be shown, or none when it cannot be. */
  show(picture: Picture, size: Size): Promise<readonly Line[] | null>;
  /** Whether a picture has the screen. A key gives it back. */
  readonly isShown: boolean;
  hide(): void;
}

const thumbnailRoom = { columns: 28, rows: 8 };

export function createPictures(stdout: WriteStream, screen: () => Mounted): Pictures {
  const protocol = graphicsProtocol(process.env);
  const hasColor = !process.env.NO_COLOR;
  let isShown = false;

  return {
    thumbnail: hasColor ? async (thumbnail) => halfBlocks(await decodePicture(thumbnail, thumbnailRoom)) : null,
    async show(picture, { columns, rows }) {
      const room = { columns, rows: Math.max(1, rows - 2) };
      if (protocol === null) {
        return hasColor ? halfBlocks(await decodePicture(picture, { columns, rows: Math.max(1, rows - 6) })) : [];
      }
      const graphics = graphicsOf(protocol, { ...picture, bytes: await pngOf(picture) }, room);
      screen().pause();
      isShown = true;
      stdout.write(`${clear}${graphics}\u001B[${rows};1HAny key goes back.`);
      return null;
    },
    get isShown() {
      return isShown;
    },
    hide() {
      isShown = false;
      if (protocol !== null) stdout.write(graphicsEnd(protocol));
      screen().redraw();
    },
  };
}
