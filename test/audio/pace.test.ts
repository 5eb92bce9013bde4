import fc from 'fast-check';
import { paced, Pacer } from '../../lib/audio/pace';
import { BYTES_PER_MS } from '../../lib/audio/pcm';
import { InstantClock } from '../support/clocks';

/** What the PBX may hold that it has not played (protocol 2.8). */
const AHEAD_MS = 500;

const never = new AbortController().signal;

/** What a PBX does with what it is sent: plays it at 16 bytes/ms, and has nothing to play in between. */
class Player {
	private sent = 0;

	private playedUntil = 0;

	largestBufferMs = 0;

	constructor(private readonly clock: InstantClock) {}

	take(chunk: Buffer): void {
		this.sent += chunk.length;
		const now = this.clock.now();
		this.playedUntil = Math.max(this.playedUntil, now) + chunk.length / BYTES_PER_MS;
		this.largestBufferMs = Math.max(this.largestBufferMs, this.playedUntil - now);
	}

	get bytes(): number {
		return this.sent;
	}

	get leftMs(): number {
		return this.playedUntil - this.clock.now();
	}
}

describe('audio that is sent', () => {
	test('is never more than half a second ahead, whatever its length and however the network stalls', async () => {
		await fc.assert(
			fc.asyncProperty(
				fc.integer({ min: 0, max: 100_000 }),
				fc.array(fc.integer({ min: 0, max: 5_000 }), { maxLength: 20 }),
				async (samples, stalls) => {
					const clock = new InstantClock();
					const player = new Player(clock);
					const pcm = Buffer.alloc(samples * 2, 1);
					let chunks = 0;
					for await (const chunk of paced(pcm, new Pacer(clock), never)) {
						player.take(chunk);
						clock.pass(stalls[chunks % Math.max(1, stalls.length)] ?? 0);
						chunks += 1;
					}
					expect(player.bytes).toBe(pcm.length);
					expect(player.largestBufferMs).toBeLessThanOrEqual(AHEAD_MS);
				},
			),
			{ numRuns: 60 },
		);
	});

	test('keeps the PBX from running dry: as long as there is more, something is buffered', async () => {
		const clock = new InstantClock();
		const player = new Player(clock);
		for await (const chunk of paced(Buffer.alloc(16 * 10_000), new Pacer(clock), never)) {
			expect(player.bytes === 0 || player.leftMs > 0).toBe(true);
			player.take(chunk);
		}
		// Ten seconds, of which the last half second is on its way.
		expect(clock.now()).toBeLessThanOrEqual(10_000);
		expect(clock.now()).toBeGreaterThanOrEqual(10_000 - AHEAD_MS);
	});

	test('is waited for until it has been heard', async () => {
		const clock = new InstantClock();
		const pacer = new Pacer(clock);
		let bytes = 0;
		for await (const chunk of paced(Buffer.alloc(16 * 400), pacer, never)) bytes += chunk.length;
		expect(bytes).toBe(16 * 400);
		expect(clock.now()).toBe(0);
		await pacer.drained(never);
		expect(clock.now()).toBe(400);
	});

	test('ends at once when it is stopped', async () => {
		const clock = new InstantClock();
		const stop = new AbortController();
		let bytes = 0;
		for await (const chunk of paced(Buffer.alloc(16 * 10_000), new Pacer(clock), stop.signal)) {
			bytes += chunk.length;
			if (clock.now() >= 2_000) stop.abort();
		}
		expect(bytes).toBeLessThanOrEqual((clock.now() + AHEAD_MS) * BYTES_PER_MS);
		expect(clock.now()).toBeLessThan(3_000);
	});
});
