import type { Content, Item, UserName } from '../../shared/messenger.ts';
import { printableLine, printableText } from '../../shared/printable.ts';

/** What entries say, in words that are safe to be shown. */

/** What a message says, safe to be shown. */
export function sayingOf(content: Content): { readonly text: string; readonly isPlain: boolean } {
  switch (content.kind) {
    case 'text':
      return { text: printableText(content.text), isPlain: true };
    case 'image':
      return { text: imageText(content), isPlain: false };
    case 'unreadable':
      return { text: `(cannot be read: ${printableLine(content.reason)})`, isPlain: false };
    case 'unknown':
      return { text: unknownText(content), isPlain: false };
    case 'membership':
    case 'expired':
      return { text: '', isPlain: false };
    default:
      return content satisfies never;
  }
}

/** Whether somebody said it. */
export function isSaid({ kind }: Content): boolean {
  return kind !== 'membership' && kind !== 'expired';
}

/** What happened, where nobody said anything. Empty when it concerns nobody. */
export function noteText(item: Item, me: UserName | null): string {
  const { content } = item;
  return content.kind === 'expired' ? expiredText(content.missed) : printableLine(changeText(item, me));
}

/** Why a change of membership is not to be trusted as it is, and what to do; null when it is. */
export function doubtText(content: Content): string | null {
  if (content.kind !== 'membership' || content.doubt === undefined) return null;
  return `This device did not trust the keys of this change, and took new ones. Compare safety codes again (/verify). ${printableLine(content.doubt)}`;
}

// ---

function expiredText(missed: number): string {
  return `${missed} ${missed === 1 ? 'message' : 'messages'} expired before ${missed === 1 ? 'it' : 'they'} could be delivered to this device`;
}

function imageText({ image, caption }: Extract<Content, { kind: 'image' }>): string {
  const { type, width, height, bytes } = image;
  const size = width === null || height === null ? '' : `, ${width}×${height}`;
  const about = `[${type.replace('image/', '').toUpperCase()} image${size}, ${sizeText(bytes)}]`;
  return caption === '' ? about : `${about} ${printableText(caption)}`;
}

function sizeText(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`;
}

function unknownText({ name, fallback }: Extract<Content, { kind: 'unknown' }>): string {
  if (fallback !== null) return printableText(fallback);
  return name === null ? '(something unknown)' : `(something that this program does not know: ${printableLine(name)})`;
}

/** A change of membership in words; not yet safe to be shown. */
function changeText({ content, sender, isOwn }: Item, me: UserName | null): string {
  if (content.kind !== 'membership') return '';
  const name = (user: UserName) => (user.toLowerCase() === me?.toLowerCase() ? 'you' : user);
  const who = isOwn ? 'you' : sender;
  const others = content.users.filter((user) => user.toLowerCase() !== sender.toLowerCase());
  const whom = others.map(name).join(', ');
  const changes: Readonly<Record<typeof content.change, string>> = {
    // A direct conversation has no admin.
    created:
      content.admin === null
        ? `${who} began this conversation`
        : `${who} made this group${whom === '' ? '' : ` with ${whom}`}`,
    added: `${who} added ${whom}`,
    removed: `${who} removed ${whom}`,
    left: `${who} left`,
    ended: `${who} deleted the account; this conversation is over`,
    // Keys change all the time.
    rekeyed: '',
  };
  return changes[content.change];
}
