import type { Board } from './board.js';
import type { Checks } from './checks.js';
import { face, sandbox, stranger } from './door-checks.js';
import type { Enrolment } from './enrolment.js';
import { killed, rebooted, stopped } from './outage-checks.js';
import { say, seconds } from './progress.js';

/**
 * Everything that the board is put through, in its order. @throws Error when what all the rest needs fails: the board does not
 * boot, the package cannot be installed
 */
export async function scenario(board: Board, enrolment: Enrolment, checks: Checks): Promise<void> {
  const onMs = performance.now();
  await board.powerOn();
  await board.untilBooted();
  say(`booted within ${seconds(performance.now() - onMs)}`);
  board.door.listen();
  const { agent } = board.machine;

  await checks.must('the package installs', async () => {
    const startedMs = performance.now();
    await board.install();
    return seconds(performance.now() - startedMs);
  });
  await checks.must('the unit starts, with gpiochip', async () => {
    await board.configure('gpiochip');
    const startedMs = performance.now();
    await agent.must('systemctl start facelatch', { withinMs: 1_200_000 });
    return `ready after ${seconds(await board.untilReady(startedMs))}`;
  });
  await checks.check('the unit is in its sandbox', () => sandbox(board));
  await checks.must('people are enrolled over MQTT', () => enrolment.overMqtt());
  await checks.check('embeddings agree to 1e-3', () => enrolment.embeddingsAgree());
  await checks.check('gpiochip: a stranger', () => stranger(board));
  await checks.check('gpiochip: an enrolled face', () => face(board));
  await checks.check('gpiochip: SIGKILL in mid-pulse', () => killed(board, 'gpiochip'));
  await checks.check('gpiochip: SIGSTOP in mid-pulse', () => stopped(board, 'gpiochip'));

  await checks.must('systemctl reload: onoff', async () => {
    await board.configure('onoff');
    const reloadedMs = performance.now();
    await agent.must('systemctl reload facelatch');
    return `ready after ${seconds(await board.untilReady(reloadedMs))}`;
  });
  await checks.check('onoff: a stranger', () => stranger(board));
  await checks.check('onoff: an enrolled face', () => face(board));
  await checks.check('onoff: SIGKILL in mid-pulse', () => killed(board, 'onoff'));
  await checks.check('onoff: SIGSTOP in mid-pulse', () => stopped(board, 'onoff'));
  await checks.check('onoff: reboot -f in mid-pulse', () => rebooted(board));
  await checks.check('power cut while an enrolment is written', () => enrolment.powerCutWhileWriting('Dora'));
  await checks.check('power cut after an enrolment', () => enrolment.powerCutWhenAcknowledged('Emil'));
}
