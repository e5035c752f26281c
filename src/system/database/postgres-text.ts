/** PostgreSQL's text cannot hold the character U+0000; U+FFFD, the mark of something unprintable, stands in for it. */
export function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD');
}
