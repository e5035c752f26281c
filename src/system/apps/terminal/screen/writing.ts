import { Problem } from '../../../problem.ts';
import type { Conversation } from '../../shared/messenger.ts';
import { commandIn, completed, findCommand } from './commands.ts';
import type { Desk } from './desk.ts';
import { type Edit, edit, editorOf, emptyEditor, insert, written } from './editor.ts';
import type { Stage } from './stage.ts';

/** What is being written, and what becomes of it. */
export interface Writing {
  readonly text: string;
  write(text: string): void;
  edit(how: Edit): void;
  /** Sends it, or carries it out. Throws a `Problem` when that is not possible; then it stays. */
  enter(): void;
  /** Whether there was something to complete. */
  complete(): boolean;
  command(name: string, rest: string): void;
}

export function createWriting(stage: Stage, desk: Desk): Writing {
  const { messenger, chat } = stage;

  return {
    get text() {
      return written(stage.draft);
    },
    write(text) {
      stage.setDraft(insert(stage.draft, text));
      const conversation = stage.openId;
      if (conversation !== null && commandIn(written(stage.draft)) === null) messenger.typing(conversation);
    },
    edit: (how) => stage.setDraft(edit(stage.draft, how)),
    enter() {
      const text = written(stage.draft);
      const found = commandIn(text);
      if (found) {
        command(found.name, found.rest);
        return;
      }
      if (text.trim() === '') return;
      messenger.send(stage.current().id, text.replace(/^(?:\/(?=\/)|\?(?=\?))/, ''));
      stage.setDraft(emptyEditor);
      stage.put({ anchor: null });
    },
    complete() {
      const text = written(stage.draft);
      const more = completed(text, names());
      if (more !== null) stage.setDraft(editorOf(more));
      return more !== null || commandIn(text) !== null;
    },
    command,
  };

  function command(name: string, rest: string): void {
    const found = findCommand(name);
    if (found === null) throw new Problem(`There is no command /${name}; /help lists them.`);
    const words = rest === '' ? 0 : rest.split(/\s+/).length;
    if (words < found.words) throw new Problem(`It is ${found.usage}: ${found.what}.`);
    const conversation = stage.openId;
    const done = found.run(desk, rest);
    stage.setDraft(emptyEditor, conversation);
    if (done) stage.run(done);
  }

  /** Whom one has to do with. */
  function names(): readonly string[] {
    const of = ({ members, kind, title }: Conversation): readonly string[] => (kind === 'direct' ? [title] : members);
    return [...new Set(chat.state.conversations.flatMap(of))];
  }
}
