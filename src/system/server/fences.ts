import type { Clock, Ms } from '../ports.ts';
import type { OperationFrame } from '../protocol/frames.ts';
import type { ClientId, ConversationId } from '../protocol/ids.ts';
import { limits } from '../protocol/limits.ts';
import { createFence, enter, type Fence, hold, mayBeWritten, settle } from './fence.ts';
import type { Session } from './session.ts';

/** The fences of all sessions: one for a session and conversation while something there has to be repeated. */
export interface Fences {
  /** May an operation that has just arrived go on? */
  enter(operation: FencedOperation): boolean;
  /** May it be written, now that its turn has come? */
  passes(operation: FencedOperation): boolean;
  /** It was refused for the moment. */
  hold(operation: FencedOperation): void;
  /** It has its final answer. */
  settle(operation: FencedOperation): void;
}

interface FencedOperation {
  readonly session: Session;
  readonly frame: OperationFrame;
  readonly clientId: ClientId;
  readonly arrival: number;
}

export function createFences(clock: Clock, repeatFirstMs: Ms): Fences {
  return {
    enter({ session, frame, clientId }) {
      const fence = standing(session, frame);
      if (fence === null) return true;
      if (!enter(fence, clientId)) return false;
      fence.until = clock.now() + repeatFirstMs;
      return true;
    },
    passes(operation) {
      const fence = standing(operation.session, operation.frame);
      return fence === null || mayBeWritten(fence, operation);
    },
    hold(operation) {
      const { session, frame } = operation;
      const conversation = conversationOf(frame);
      if (conversation === null) return;
      let fence = standing(session, frame);
      if (fence === null) {
        fence = createFence(clock.now() + repeatFirstMs);
        session.fences ??= new Map();
        session.fences.set(conversation, fence);
      }
      if (fence.held.length < limits.inFlightPerSessionMax) hold(fence, operation);
    },
    settle({ session, frame, clientId }) {
      const fence = standing(session, frame);
      if (fence !== null && settle(fence, clientId)) session.fences!.delete(conversationOf(frame)!);
    },
  };

  /** The fence before an operation; one that is over falls here. */
  function standing({ fences }: Session, frame: OperationFrame): Fence | null {
    if (fences === null) return null;
    const conversation = conversationOf(frame);
    const fence = conversation === null ? undefined : fences.get(conversation);
    if (fence === undefined) return null;
    if (clock.now() < fence.until) return fence;
    fences.delete(conversation!);
    return null;
  }
}

// ---

/** Creating a group or opening a direct conversation stands in no order with anything. */
function conversationOf(frame: OperationFrame): ConversationId | null {
  return 'conversation' in frame ? frame.conversation : null;
}
