import { initialsOf } from '../model/words.ts';
import { GroupIcon } from './icons.tsx';

/** A circle in a colour of the name's own. */
export function Avatar({ title, isGroup = false, isOnline = false, size = 'normal' }: AvatarProps) {
  return (
    <span class={`avatar ${size} hue-${hueOf(title)}`} aria-hidden="true">
      {isGroup ? <GroupIcon /> : initialsOf(title)}
      {isOnline && <span class="presence-dot" />}
    </span>
  );
}

export interface AvatarProps {
  readonly title: string;
  readonly isGroup?: boolean;
  readonly isOnline?: boolean;
  readonly size?: 'small' | 'normal' | 'large';
}

const hues = 8;

export function hueOf(name: string): number {
  let hash = 0;
  for (const char of name.toLowerCase()) hash = (hash * 31 + char.codePointAt(0)!) >>> 0;
  return hash % hues;
}
