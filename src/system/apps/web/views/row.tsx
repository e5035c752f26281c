import type { Conversation, ConversationId } from '../../../browser.ts';
import type { MessageRow, Row } from '../model/rows.ts';
import { contentText, dayName, doubtText, eventText, failureText, timeOf } from '../model/words.ts';
import { Avatar, hueOf } from './avatar.tsx';
import { AlertIcon, ClockIcon, TickIcon, TicksIcon } from './icons.tsx';
import { memo } from './memo.ts';
import { Picture } from './picture.tsx';
import { attempt, useApp, useSession } from './ui.ts';

interface RowProps {
  readonly row: Row;
  readonly conversation: Conversation;
}

/** One line of a conversation. */
export const RowView = memo(({ row, conversation }: RowProps) => {
  switch (row.kind) {
    case 'day':
      return (
        <li class="day" data-key={row.key}>
          <span>{dayName(row.at, Date.now())}</span>
        </li>
      );
    case 'unread':
      return (
        <li class="unread-line" data-key={row.key}>
          <span>New</span>
        </li>
      );
    case 'event':
      return <EventRow row={row} />;
    case 'message':
      return <MessageView row={row} conversation={conversation.id} isGroup={conversation.kind === 'group'} />;
  }
}, isSameRow);

// ---

function EventRow({ row }: { readonly row: Extract<Row, { kind: 'event' }> }) {
  const me = useSession().chat.me.value?.name ?? null;
  const doubt = doubtText(row.item);
  const { content } = row.item;
  // New keys are worth a line only for what is wrong with them.
  const isNote = content.kind !== 'membership' || content.change !== 'rekeyed';
  return (
    <li class="event" data-key={row.key}>
      {isNote && <span>{eventText(row.item, me)}</span>}
      {doubt !== null && (
        <span class="doubt">
          <AlertIcon /> {doubt}
        </span>
      )}
    </li>
  );
}

interface MessageProps {
  readonly row: MessageRow;
  readonly conversation: ConversationId;
  readonly isGroup: boolean;
}

function MessageView({ row, conversation, isGroup }: MessageProps) {
  const { isOwn, isFirst, isLast, sender, content, at } = row;
  const classes = ['message', isOwn ? 'own' : 'foreign', isFirst && 'is-first', isLast && 'is-last'];
  return (
    <li class={classes.filter(Boolean).join(' ')} data-key={row.key}>
      {!isOwn && isGroup && (isLast ? <Avatar title={sender} size="small" /> : <span class="avatar-gap" />)}
      <div class={`bubble${row.status === 'failed' ? ' is-failed' : ''}`}>
        {!isOwn && isGroup && isFirst ? (
          <span class={`sender ink-${hueOf(sender)}`}>{sender}</span>
        ) : (
          <span class="spoken">{isOwn ? 'You' : sender}: </span>
        )}
        {content.kind === 'image' && (
          <Picture content={content} place={row.seq === null ? null : { conversation, seq: row.seq }} />
        )}
        {(content.kind !== 'image' || content.caption !== '') && (
          <span class={`text${content.kind === 'text' || content.kind === 'image' ? '' : ' is-odd'}`} dir="auto">
            {contentText(content)}
          </span>
        )}
        <span class="mark">
          <time dateTime={new Date(at).toISOString()}>{timeOf(at)}</time>
          {row.status !== null && <Status row={row} />}
        </span>
      </div>
      {row.status === 'failed' && <Failure row={row} />}
    </li>
  );
}

const statusTexts = {
  saving: 'Being saved',
  waiting: 'Waiting to be sent',
  failed: 'Not sent',
  sent: 'Sent',
  delivered: 'Delivered',
  read: 'Read',
} as const;

function Status({ row }: { readonly row: MessageRow }) {
  const { status } = row;
  if (status === null) return null;
  return (
    <span class={`status is-${status}`} title={statusTexts[status]}>
      {status === 'saving' || status === 'waiting' ? <ClockIcon /> : null}
      {status === 'failed' ? <AlertIcon /> : null}
      {status === 'sent' ? <TickIcon /> : null}
      {status === 'delivered' || status === 'read' ? <TicksIcon /> : null}
      <span class="spoken">{statusTexts[status]}</span>
    </span>
  );
}

function Failure({ row: { operation } }: { readonly row: MessageRow }) {
  const app = useApp();
  const session = useSession();
  if (operation === null) return null;
  return (
    <p class="failure" role="alert">
      {failureText(operation)}{' '}
      <button class="link" type="button" onClick={() => attempt(app, session.retry(operation.id))}>
        Try again
      </button>
      <button class="link" type="button" onClick={() => attempt(app, session.discard(operation.id))}>
        Discard
      </button>
    </p>
  );
}

/** Rows are made anew at every change; most say the same as before and need not be drawn. */
function isSameRow(a: RowProps, b: RowProps): boolean {
  if (a.conversation.kind !== b.conversation.kind || a.row.kind !== b.row.kind) return false;
  if (a.row.kind !== 'message' || b.row.kind !== 'message') return a.row.key === b.row.key;
  const fields = Object.keys(a.row) as (keyof MessageRow)[];
  return fields.every((field) => a.row[field as never] === b.row[field as never]);
}
