import type { Conversation } from '../../../browser.ts';
import { isSame } from '../model/rows.ts';
import { counted } from '../model/words.ts';
import { Avatar } from './avatar.tsx';
import { CloseIcon } from './icons.tsx';
import { Safety } from './safety.tsx';
import { Servers } from './servers.tsx';
import { TrustMark } from './trust.tsx';
import { attempt, goTo, ui, useApp, useSession } from './ui.ts';

/** The column on the right: about the conversation that is open, or about the servers. */
export function Details() {
  const conversation = useSession().selected.value;
  const isServers = ui.panel.value === 'servers';
  if (!isServers && conversation === null) return null;
  const title = isServers ? 'Servers' : conversation!.kind === 'group' ? 'Group' : 'Contact';
  return (
    <aside class="panel" aria-label={title}>
      <header class="bar">
        <h2>{title}</h2>
        <button class="icon-button" type="button" aria-label="Close" onClick={() => (ui.panel.value = null)}>
          <CloseIcon />
        </button>
      </header>
      <div class="panel-body">{isServers ? <Servers /> : <About conversation={conversation!} />}</div>
    </aside>
  );
}

// ---

function About({ conversation }: { readonly conversation: Conversation }) {
  const { kind, title } = conversation;
  return (
    <>
      <div class="about">
        <Avatar title={title} isGroup={kind === 'group'} size="large" />
        <h3>
          {title} {kind === 'direct' && <TrustMark user={title} />}
        </h3>
      </div>
      {kind === 'direct' && conversation.isEncrypted && <Safety conversation={conversation} user={title} />}
      {kind === 'group' && <Members conversation={conversation} />}
      {kind === 'group' && conversation.isMember && <Leave />}
    </>
  );
}

function Members({ conversation }: { readonly conversation: Conversation }) {
  const { members, admin } = conversation;
  const me = useSession().chat.me.value?.name ?? '';
  const isAdmin = admin !== null && isSame(admin, me);
  return (
    <section class="block" aria-label="Members">
      <div class="block-head">
        <h4>{counted(members.length, 'member')}</h4>
        {isAdmin && (
          <button class="link" type="button" onClick={() => (ui.dialog.value = 'invite')}>
            Add
          </button>
        )}
      </div>
      <ul class="members">
        {members.map((member) => (
          <Member key={member} member={member} conversation={conversation} mayRemove={isAdmin && !isSame(member, me)} />
        ))}
      </ul>
    </section>
  );
}

function Member({ member, conversation, mayRemove }: MemberProps) {
  const app = useApp();
  const session = useSession();
  const me = session.chat.me.value?.name ?? '';
  const role = conversation.admin !== null && isSame(conversation.admin, member) ? 'admin' : '';
  const isCompared = ui.compared.value !== null && isSame(ui.compared.value, member);
  const write = async (): Promise<void> => goTo(await session.openDirect(member));
  return (
    <li>
      <div class="member">
        <Avatar title={member} size="small" />
        <span class="member-name">
          <span>
            {member}
            {isSame(member, me) && <span class="muted"> (you)</span>}
          </span>
          <TrustMark user={member} />
        </span>
        <span class="muted">{role}</span>
        {!isSame(member, me) && conversation.isEncrypted && (
          <button
            class="link"
            type="button"
            aria-label={`Safety code of ${member}`}
            aria-expanded={isCompared}
            onClick={() => (ui.compared.value = isCompared ? null : member)}
          >
            Verify
          </button>
        )}
        {!isSame(member, me) && (
          <button class="link" type="button" onClick={() => attempt(app, write())} aria-label={`Write to ${member}`}>
            Write
          </button>
        )}
        {mayRemove && (
          <button
            class="link danger"
            type="button"
            aria-label={`Remove ${member}`}
            onClick={() => attempt(app, session.remove(conversation.id, member))}
          >
            Remove
          </button>
        )}
      </div>
      {isCompared && conversation.isEncrypted && <Safety conversation={conversation} user={member} />}
    </li>
  );
}

interface MemberProps {
  readonly member: string;
  readonly conversation: Conversation;
  readonly mayRemove: boolean;
}

function Leave() {
  return (
    <button class="wide danger" type="button" onClick={() => (ui.dialog.value = 'leave')}>
      Leave group
    </button>
  );
}
