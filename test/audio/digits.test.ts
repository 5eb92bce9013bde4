import { collectDigits } from '../../lib/audio/digits';
import { Inbox } from '../../lib/waiting/inbox';
import { ManualClock } from '../support/clocks';

const RULES = { terminator: '#', max: 4, firstMs: 10_000, betweenMs: 3_000 };

describe('digits', () => {
	const setUp = (rules = RULES) => {
		const clock = new ManualClock();
		const keys = new Inbox<string>(clock);
		const ended = new AbortController();
		const entry = collectDigits(keys, rules, ended.signal);
		return { clock, keys, ended, entry };
	};

	test('end with the terminator, which is none of them', async () => {
		const { keys, entry, clock } = setUp();
		for (const key of '12#9') {
			keys.push(key);
			await clock.advance(1_000);
		}
		await expect(entry).resolves.toEqual({ digits: '12', endedBy: 'terminator' });
	});

	test.each(['#', '*'])('end with any of several terminators: %s', async (key) => {
		const { keys, entry } = setUp({ ...RULES, terminator: '*#' });
		keys.push('7', key, '8');
		await expect(entry).resolves.toEqual({ digits: '7', endedBy: 'terminator' });
	});

	test('end with the last of the most', async () => {
		const { keys, entry } = setUp();
		keys.push(...'12345');
		await expect(entry).resolves.toEqual({ digits: '1234', endedBy: 'maximum' });
	});

	test('take every key where there is no terminator', async () => {
		const { keys, entry } = setUp({ ...RULES, terminator: '' });
		keys.push(...'*1#2');
		await expect(entry).resolves.toEqual({ digits: '*1#2', endedBy: 'maximum' });
	});

	test('may be none: the terminator comes first', async () => {
		const { keys, entry } = setUp();
		keys.push('#');
		await expect(entry).resolves.toEqual({ digits: '', endedBy: 'terminator' });
	});

	test('time out before the first, not sooner', async () => {
		const { clock, keys, entry } = setUp();
		await clock.advance(9_999);
		keys.push('7');
		await clock.advance(2_999);
		keys.push('8');
		await clock.advance(2_999);
		expect(clock.sleeping).toBe(1);
		await clock.advance(1);
		await expect(entry).resolves.toEqual({ digits: '78', endedBy: 'timeout' });
	});

	test('time out with nothing entered', async () => {
		const { clock, entry } = setUp();
		await clock.advance(10_000);
		await expect(entry).resolves.toEqual({ digits: '', endedBy: 'timeout' });
	});

	test('end with the call, keeping what there is', async () => {
		const { clock, keys, ended, entry } = setUp();
		keys.push('1');
		await clock.advance(10);
		ended.abort();
		await expect(entry).resolves.toEqual({ digits: '1', endedBy: 'callEnded' });
		expect(clock.sleeping).toBe(0);
	});
});
