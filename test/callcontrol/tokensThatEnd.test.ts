import type { MonitorOptions } from '../../lib/callcontrol/link/monitor';
import type { Pbx } from '../../sandbox/pbx';
import type { Quirks } from '../../sandbox/pbx/quirks';
import { type Watched } from './link';
import { closeAll, milestones, observe, startQuirky, wholeCall } from './quirky';

/** Tokens that end again and again, at PBXs that are not like each other: slow, because logins are limited by time. */

let pbx: Pbx;

const start = async (...args: Parameters<typeof startQuirky>) => {
	pbx = await startQuirky(...args);
};

const listen = async (options: Partial<MonitorOptions> = {}): Promise<Watched> => {
	const watched = observe(pbx, options);
	await watched.monitor.ready();
	return watched;
};

const callOnce = async (watched: Watched) => await wholeCall(pbx, watched);

afterEach(closeAll);

test.each<NonNullable<Quirks['replacedSocket']>>(['closed', 'silent'])(
	'a token that another program ends again and again: calls are whole, and it is said once (sockets %s)',
	async (replacedSocket) => {
		await start({ replacedSocket, otherLoginEveryMs: 5_100 });
		const contested: number[] = [];
		const watched = await listen({
			onContested: () => contested.push(Date.now()),
			timing: { reconcileMs: 500, alertMs: 200 },
		});
		const until = Date.now() + 17_000;
		const calls: string[][] = [];
		while (Date.now() < until) {
			const told = await callOnce(watched);
			calls.push(milestones(told).map((each) => each.replace('~', '')));
			await new Promise((resolve) => setTimeout(resolve, 400));
		}
		expect(new Set(calls.map(String))).toEqual(new Set(['100 ringing,100 answered,100 ended']));
		expect(contested).toHaveLength(1);
	},
	40_000,
);

test('the own renewal of a token that lives for seconds keeps the link up', async () => {
	await start({ replacedSocket: 'silent' }, { tokenLifetimeSeconds: 2 });
	const watched = await listen();
	const until = Date.now() + 7_000;
	while (Date.now() < until) {
		const told = milestones(await callOnce(watched));
		expect(told.map((each) => each.replace('~', ''))).toEqual([
			'100 ringing',
			'100 answered',
			'100 ended',
		]);
	}
	expect(watched.states.items.map(({ online }) => online)).toEqual([true]);
	expect(pbx.mints.n8n).toBeLessThan(9);
}, 20_000);
