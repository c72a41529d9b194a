import { contactChanged, heldOpenDeadlineMs, heldOpenElapsed } from './contact-steps.js';
import { andThen, refuse, unchanged, type DoorInput, type DoorSettings, type DoorState, type Step } from './door-state.js';
import { beginPulse, compareReadback, endPulse, holdReleased, isReleased, pass, relock } from './lock-steps.js';

/**
 * The door's transitions: what follows from a state and an input, as plain data (the table stands in docs/door.md).
 *
 * Whatever has fallen due by `input.atMs` happens first, so a late timer never lets an input find a lock that should have
 * been locked. Outside mode `open` the relay is energised at most `pulseMs` in one go, only within `pulseMs` of a grant or
 * the exit button, and in lockdown only for the exit button, if so configured.
 */
export function step(state: DoorState, input: DoorInput, settings: DoorSettings): Step {
  if (state.lock.is === 'stopped') return afterStop(state, input, settings);
  return andThen(elapse(state, input.atMs, settings), (current) => act(current, input, settings));
}

/** When `step` is to be called with a `tick` at the latest; undefined when nothing falls due. */
export function deadlineMs(state: DoorState, settings: DoorSettings): number | undefined {
  const { lock } = state;
  const lockMs = lock.is === 'pulse' ? lock.passage.untilMs : lock.is === 'resting' ? lock.untilMs : undefined;
  const undecided = state.disagreesSinceMs !== undefined && state.relay !== 'will_not_release';
  const jamMs = undecided ? state.disagreesSinceMs + settings.jammedAfterMs : undefined;
  const due = [lockMs, jamMs, heldOpenDeadlineMs(state, settings)].filter((ms) => ms !== undefined);
  return due.length === 0 || lock.is === 'stopped' ? undefined : Math.min(...due);
}

function elapse(state: DoorState, atMs: number, settings: DoorSettings): Step {
  return andThen(lockElapsed(state, atMs, settings), (next) => heldOpenElapsed(next, atMs, settings));
}

function lockElapsed(state: DoorState, atMs: number, settings: DoorSettings): Step {
  const { lock } = state;
  if (lock.is === 'pulse' && atMs >= lock.passage.untilMs) return endPulse(state, atMs, 'timeout', settings);
  if (lock.is !== 'resting' || atMs < lock.untilMs) return unchanged(state);
  // Not on a line that still reads energised: the two pulses would be one.
  const ready = isReleased(state) && atMs < lock.next.untilMs;
  return ready ? beginPulse(state, atMs, lock.next) : relock(state, atMs, 'timeout', settings);
}

function act(state: DoorState, input: DoorInput, settings: DoorSettings): Step {
  const { atMs } = input;
  switch (input.type) {
    case 'tick':
      return unchanged(state);
    case 'grant':
    case 'hold':
      return granted(state, input, settings);
    case 'lock':
      return relock(state, atMs, input.cause, settings);
    case 'mode':
      return input.mode === 'lockdown' ? lockDown(state, input, settings) : resume(state, input, settings);
    case 'exit_button':
      return exitButton(state, atMs, settings);
    case 'contact':
      return andThen(contactChanged(state, atMs, input.open), (next) => {
        const opening = state.contact.is !== 'open' && next.contact.is === 'open';
        return opening && next.lock.is === 'pulse' && settings.relockOnOpening
          ? endPulse(next, atMs, 'opened', settings)
          : unchanged(next);
      });
    case 'tamper':
      if (input.active === state.tamper) return unchanged(state);
      return { state: { ...state, tamper: input.active }, emit: [{ type: 'tamper', active: input.active }] };
    case 'readback':
      return compareReadback(state, atMs, input.energised, settings);
    case 'relay_fault':
      return relayFault(state, input, settings);
    case 'stop':
      return andThen(relock(state, atMs, 'stop', settings), (next) => unchanged({ ...next, lock: { is: 'stopped' } }));
  }
}

function granted(state: DoorState, grant: Extract<DoorInput, { type: 'grant' | 'hold' }>, settings: DoorSettings): Step {
  const { atMs, cause } = grant;
  const ageMs = atMs - grant.decidedAtMs;
  // Put so that NaN, or a decision from the future (another clock), is stale as well.
  if (!(ageMs >= 0 && ageMs <= settings.maxGrantAgeMs)) return refuse(state, 'stale');
  if (state.mode === 'lockdown') return refuse(state, 'lockdown');
  const person = grant.person ? { person: grant.person } : {};
  if (grant.type === 'grant') return pass(state, atMs, { cause, ...person, untilMs: atMs + settings.pulseMs }, settings);

  if (cause !== 'command' && cause !== 'schedule') return refuse(state, 'cause');
  if (state.relay === 'will_not_release') return refuse(state, 'relay_fault');
  if (state.mode === 'open') return unchanged({ ...state, modeBy: cause });
  return holdReleased(state, atMs, { cause, ...person });
}

function lockDown(state: DoorState, input: Extract<DoorInput, { type: 'mode' }>, settings: DoorSettings): Step {
  const already = state.mode === 'lockdown';
  const modeBy = already && state.modeBy === 'command' ? 'command' : input.by;
  return andThen(relock(state, input.atMs, input.by, settings), (next) => ({
    state: { ...next, mode: 'lockdown', modeBy },
    emit: already ? [] : [{ type: 'lockdown', active: true }],
  }));
}

function resume(state: DoorState, input: Extract<DoorInput, { type: 'mode' }>, settings: DoorSettings): Step {
  if (state.mode === 'open') return relock(state, input.atMs, input.by, settings);
  if (state.mode === 'normal') return unchanged(state);
  if (state.modeBy === 'command' && input.by === 'schedule') return refuse(state, 'lockdown');
  return { state: { ...state, mode: 'normal', modeBy: input.by }, emit: [{ type: 'lockdown', active: false }] };
}

/** Who leaves is never an intruder: the opening that follows is not forced, released or not. */
function exitButton(state: DoorState, atMs: number, settings: DoorSettings): Step {
  const untilMs = atMs + settings.pulseMs;
  const pressed: Step = {
    state: { ...state, passUntilMs: Math.max(state.passUntilMs, untilMs + settings.forcedOpenGraceMs) },
    emit: [{ type: 'exit_button' }],
  };
  if (state.mode === 'lockdown' && !settings.exitButtonInLockdown) return pressed;
  return andThen(pressed, (next) => pass(next, atMs, { cause: 'exit_button', untilMs }, settings));
}

function relayFault(state: DoorState, input: Extract<DoorInput, { type: 'relay_fault' }>, settings: DoorSettings): Step {
  const relay = input.energising && state.relay !== 'will_not_release' ? 'will_not_energise' : 'will_not_release';
  const news = input.energising || state.relay === 'ok';
  return andThen({ state: { ...state, relay }, emit: news ? [{ type: 'relay_fault', reason: input.reason }] : [] }, (next) =>
    relock(next, input.atMs, 'fault', settings),
  );
}

/** Nothing energises a stopped door; that its relay did not release is still reported. */
function afterStop(state: DoorState, input: DoorInput, settings: DoorSettings): Step {
  if (input.type === 'grant' || input.type === 'hold') return refuse(state, 'stopped');
  if (input.type === 'readback') return compareReadback(state, input.atMs, input.energised, settings);
  if (input.type === 'relay_fault') return relayFault(state, input, settings);
  return unchanged(state);
}
