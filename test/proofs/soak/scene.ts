import { startPbx } from '../../../sandbox/pbx';
import { seeded } from '../../../sandbox/pbx/callcontrol/random';
import { playCalls } from '../chaos/players';
import { startProxy } from '../chaos/proxy';
import { causeTrouble, noFaults } from '../chaos/troubles';

/**
 * The PBX, the network before it and the people who call: a process of its own, so that what they keep in memory is not
 * taken for ours. Tells its parent where it is, ends when told to, and says then what went wrong.
 */

/** What the parent is told at the start. */
export interface SceneAddress {
	pbxUrl: string;
	clientId: string;
	clientSecret: string;
}

/** Calls of one act; the people begin another until the end. */
const CALLS_PER_ACT = 50;

async function play(seed: number): Promise<void> {
	const pbx = await startPbx({
		seedCallLogRows: 100,
		calls: { ringTimeoutMs: 600_000, externalAnswerAfterMs: 600_000, random: seed },
	});
	const proxy = await startProxy(pbx.url);
	const { clientId, clientSecret } = pbx.defaultClient;
	const counts = noFaults();
	const over = new AbortController();
	const trouble = causeTrouble({
		pbx,
		proxy,
		counts,
		random: seeded(seed),
		traffic: seeded(seed + 1),
		onBreak: () => undefined,
		onOver: () => undefined,
		signal: over.signal,
	});
	const acts = (async () => {
		for (let act = 0; !over.signal.aborted; act++) {
			await playCalls(pbx.calls, CALLS_PER_ACT, clientId, seed + act);
			pbx.requests.length = 0;
			pbx.calls.journal.length = 0;
		}
	})();
	const end = () => {
		over.abort();
		void trouble.then(() => {
			process.send?.({ faults: counts });
			// The parent closes the channel when it has read this.
		});
	};
	process.on('message', end);
	process.on('disconnect', () => process.exit(over.signal.aborted ? 0 : 1));
	acts.catch((error: unknown) => {
		process.stderr.write(`${String((error as Error).stack)}\n`);
		process.exit(1);
	});
	process.send?.({ pbxUrl: proxy.url, clientId, clientSecret } satisfies SceneAddress);
}

void play(Number(process.argv[2] ?? 1));
