import { startPbx, type Pbx } from '../../sandbox/pbx';
import type { Workflow } from '../../sandbox/playground/api';
import { Collector } from '../callcontrol/collector';
import { until } from '../callcontrolnode/node';
import type { TestServer } from '../support/httpServer';
import {
	CREDENTIAL_TYPE,
	openN8n,
	startReceiver,
	telling,
	testOfOwnN8n,
	type TestedN8n,
} from './support';

/**
 * The system trigger in a real n8n: when its timer runs, and what n8n keeps of its memory, are n8n's own doing. Each item
 * that starts the workflow is sent on to a server of this test, so that "told" means that an execution has run.
 */

interface Told {
	event: string;
	[field: string]: unknown;
}

let n8n: TestedN8n;
let receiver: TestServer;
let told: Collector<Told>;
let pbx: Pbx;
let workflow: Workflow;

beforeAll(async () => {
	receiver = await startReceiver<Told>((each) => told.push(each));
	n8n = await openN8n();
}, 330_000);

afterAll(async () => {
	await n8n?.close();
	await receiver?.close();
}, 60_000);

beforeEach(async () => {
	told = new Collector();
	pbx = await startPbx({ calls: { pickUpAfterMs: 0 } });
});

afterEach(async () => {
	await n8n.api.unpublish(workflow.id).catch(() => undefined);
	await pbx.close();
}, 60_000);

async function publish(parameters: Record<string, unknown>): Promise<void> {
	const { clientId, clientSecret } = pbx.defaultClient;
	const credential = await n8n.api.saveCredential(pbx.url, CREDENTIAL_TYPE, {
		pbxUrl: pbx.url,
		clientId,
		clientSecret,
	});
	workflow = await n8n.api.saveWorkflow(
		telling(`Watches ${pbx.url}`, {
			trigger: {
				name: 'System',
				type: 'n8n-nodes-threecx.threeCxSystemTrigger',
				parameters: { options: { interval: 5 }, ...parameters },
				credentials: { [CREDENTIAL_TYPE]: credential },
			},
			origin: receiver.origin,
		}),
	);
	await n8n.api.publish(workflow);
}

/** Waits until so many looks have begun from now on, the last of which shows that the others are over. */
async function looks(count: number, path = /Trunks/): Promise<void> {
	const begun = () => pbx.requests.filter((request) => path.test(request.path)).length;
	const before = begun();
	await until(() => begun() > before + count, `${count} looks:\n${n8n.logTail()}`, 60_000);
}

const arrivals = async (count: number) => {
	const what = `${count} items; n8n says:\n${n8n.logTail()}`;
	await told.first(() => told.items.length >= count, what, 0, 60_000);
	return told.items;
};

const trunkIs = (IsOnline: boolean) =>
	pbx.store.update('Trunks', pbx.store.rows('Trunks')[0]!, { IsOnline });

test('tells a trunk that goes and comes back, and a queue that is full, every few seconds', async () => {
	await publish({
		events: ['trunkOffline', 'trunkOnline', 'queueThresholdPassed'],
		maxCallers: 0,
	});
	trunkIs(false);
	await arrivals(1);
	trunkIs(true);
	await arrivals(2);
	pbx.calls.incoming({ from: '+442079460102', fromName: 'Gareth', to: '800' });
	expect(await arrivals(3)).toMatchObject([
		{ event: 'trunkOffline', number: '10000', before: 'online', after: 'offline' },
		{ event: 'trunkOnline', before: 'offline', after: 'online' },
		{ event: 'queueThresholdPassed', queue: '800', after: { waiting: 1 } },
	]);
	await looks(2);
	expect(told.items).toHaveLength(3);
}, 120_000);

testOfOwnN8n(
	'tells after a restart of n8n what changed in between, and nothing twice',
	async () => {
		await publish({ events: ['trunkOffline', 'serviceStopped'] });
		pbx.store.singleton('services').QueueManager = 'Stopped';
		await arrivals(1);
		await n8n.stop();
		trunkIs(false);
		await n8n.start();
		await arrivals(2);
		await looks(2);
		expect(told.items.map(({ event }) => event)).toEqual(['serviceStopped', 'trunkOffline']);
	},
	180_000,
);

testOfOwnN8n(
	'remembers what it saw when it was published, although nothing was told yet',
	async () => {
		await publish({ events: ['trunkOffline'] });
		await looks(1);
		await n8n.kill();
		trunkIs(false);
		await n8n.start();
		expect(await arrivals(1)).toMatchObject([{ event: 'trunkOffline', before: 'online' }]);
	},
	180_000,
);

test('goes on after an outage of the PBX', async () => {
	await publish({ events: ['trunkOffline'] });
	await pbx.down();
	trunkIs(false);
	await new Promise((resolve) => setImmediate(resolve));
	await pbx.up();
	expect(await arrivals(1)).toMatchObject([{ event: 'trunkOffline' }]);
	expect(await n8n.api.executions(workflow.id)).toHaveLength(1);
}, 120_000);
