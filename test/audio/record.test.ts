import { record, type RecordRules } from '../../lib/audio/record';
import { levelOf } from '../../lib/audio/pcm';
import { bytesFrom, quiet, sine, speech } from './samples';

const SILENCE = { afterMs: 2_000, nothingMs: 5_000, belowDb: -45 };
const never = new AbortController().signal;

/** In pieces of an odd number of samples: nothing may depend on where they are cut. */
async function* pieces(audio: Buffer, bytes = 354): AsyncGenerator<Buffer> {
	for (let at = 0; at < audio.length; at += bytes) {
		await Promise.resolve();
		yield audio.subarray(at, at + bytes);
	}
}

async function recorded(audio: Buffer, rules: RecordRules) {
	const kept: Buffer[] = [];
	const keep = async (pcm: Buffer) => {
		kept.push(pcm);
		await Promise.resolve();
	};
	const result = await record(pieces(audio), rules, keep, never);
	return { ...result, audio: Buffer.concat(kept) };
}

describe('a recording', () => {
	test('ends exactly at its longest', async () => {
		const said = speech(5_000);
		const { endedBy, ms, audio } = await recorded(said, { maxMs: 1_234 });
		expect({ endedBy, ms }).toEqual({ endedBy: 'maximum', ms: 1_234 });
		expect(audio).toEqual(said.subarray(0, 1_234 * 16));
	});

	test('ends with the call, and has all of it', async () => {
		const said = speech(777);
		expect(await recorded(said, { maxMs: 60_000 })).toEqual({
			endedBy: 'callEnded',
			ms: 777,
			audio: said,
		});
	});

	test.each([
		[
			'after two seconds of silence, not at a pause for breath',
			[speech(800), quiet(1_900), speech(500), quiet(4_000)],
			{ endedBy: 'silence', spoken: true },
			800 + 1_900 + 500 + 2_000,
		],
		[
			'when nobody begins to speak',
			[quiet(9_000)],
			{ endedBy: 'nothingSaid', spoken: false },
			5_000,
		],
		[
			'late: who thinks for four seconds may still speak',
			[quiet(4_000), speech(500), quiet(5_000)],
			{ endedBy: 'silence', spoken: true },
			6_500,
		],
		[
			'on a noisy line, whose noise is quieter than speech',
			[speech(500), bytesFrom(sine(5_000, { amplitude: 120 }))],
			{ endedBy: 'silence', spoken: true },
			2_500,
		],
	])('ends %s', async (_, parts, expected, ms) => {
		const result = await recorded(Buffer.concat(parts), { maxMs: 60_000, silence: SILENCE });
		expect(result).toMatchObject(expected);
		// Judged in pieces of 20 ms, and ended at the end of the piece that came.
		expect(Math.abs(result.ms - ms)).toBeLessThanOrEqual(45);
	});

	test('goes on through silence where nobody asks for it', async () => {
		const { endedBy, ms, spoken } = await recorded(quiet(9_000), { maxMs: 60_000 });
		expect({ endedBy, ms, spoken }).toEqual({ endedBy: 'callEnded', ms: 9_000, spoken: undefined });
	});
});

test.each([
	['digital silence', quiet(20), -Infinity],
	['the loudest tone', bytesFrom(sine(1_000, { amplitude: 32_767 })), -3.01],
	['a tone of a tenth', bytesFrom(sine(1_000, { amplitude: 3_277 })), -23.01],
	['nothing', Buffer.alloc(0), -Infinity],
])('the level of %s', (_, pcm, db) => {
	const level = levelOf(pcm);
	expect(level === db || Math.abs(level - db) < 0.05).toBe(true);
});
