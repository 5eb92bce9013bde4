import { askForDigits } from '../../lib/callcontrol/calls/question';
import type { AudioLeg } from '../../lib/callcontrol/rest/audio';
import { Inbox } from '../../lib/waiting/inbox';
import { ManualClock } from '../support/clocks';

/** Digits that are asked for without a prompt; what is said is held by test/callcontrolnode. */

function asked() {
	const keys = new Inbox<string>(new ManualClock());
	const [stopped, ended, lost, stop] = Array.from({ length: 4 }, () => new AbortController());
	const reason = new Error('nothing more will be heard');
	const rules = { terminator: '#', max: 2, firstMs: 60_000, betweenMs: 60_000 };
	const answer = askForDigits(
		{ signal: stop!.signal } as AudioLeg,
		{ keys, stopped: stopped!.signal, ended: ended!.signal },
		{ rules, lost: lost!.signal },
	);
	answer.catch(() => undefined);
	return {
		answer,
		keys,
		reason,
		ends: () => ended!.abort(),
		isLost: () => lost!.abort(reason),
		isStopped: () => stop!.abort(),
	};
}

test('fails with the reason where further keys would not be heard, though the call goes on', async () => {
	const { answer, keys, isLost, reason } = asked();
	keys.push('1');
	isLost();
	await expect(answer).rejects.toBe(reason);
});

test.each<[string, Array<'ends' | 'isLost'>, string[], object]>([
	['the call ends', ['ends'], ['1'], { digits: '1', endedBy: 'callEnded' }],
	['nothing is heard any more of a call that has ended', ['ends', 'isLost'], [], { digits: '' }],
	['nothing is heard any more after all keys', ['isLost'], ['1', '2'], { endedBy: 'maximum' }],
	['nothing is heard any more after the last key', ['isLost'], ['#'], { endedBy: 'terminator' }],
])('is over when %s', async (_, happens, pressed, expected) => {
	const { answer, keys, ...what } = asked();
	keys.push(...pressed);
	for (const each of happens) what[each]();
	await expect(answer).resolves.toMatchObject(expected);
});

test('ends with the execution', async () => {
	const { answer, isStopped } = asked();
	isStopped();
	await expect(answer).rejects.toMatchObject({ kind: 'cancelled' });
});
