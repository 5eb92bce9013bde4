import type {
	ICredentialDataDecryptedObject,
	ITriggerFunctions,
	ITriggerResponse,
} from 'n8n-workflow';
import { linkCount, subscribe, type LinkAccess } from '../../lib/callcontrol/link/sharing';
import type { LinkState } from '../../lib/callcontrol/link/monitor';
import type { TrackerEvent } from '../../lib/callcontrol/calls/tracker';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { ThreeCxError } from '../../lib/http/errors';
import { listen } from '../../nodes/ThreeCxTrigger/listen';
import { ThreeCxTrigger } from '../../nodes/ThreeCxTrigger/ThreeCxTrigger.node';
import type { Pbx } from '../../sandbox/pbx';
import { Collector } from '../callcontrol/collector';
import { clientOf, QUICK, quietPbx } from '../callcontrol/link';
import { CredentialStore } from '../support/n8n';
import { activate, type Emitted } from '../support/triggerHarness';

/** Several users of one n8n listen to PBXs: each hears what his own credential lets him hear, and nothing else. */

const TIMING = { ...QUICK, pingMs: 5_000, pongMs: 5_000, recheckMs: 50, accessRetryMs: 20 };

/** The trigger, with a patience for tests. */
class QuickTrigger extends ThreeCxTrigger {
	override async trigger(this: ITriggerFunctions): Promise<ITriggerResponse> {
		return await listen(this, { timing: TIMING });
	}
}

const closers: Array<() => Promise<unknown>> = [];

afterEach(async () => {
	for (const close of closers.splice(0).reverse()) await close();
	await closeDispatchers();
	expect(linkCount()).toBe(0);
});

const newPbx = async () => {
	const pbx = await quietPbx();
	closers.push(async () => await pbx.close());
	return pbx;
};

const fieldsOf = ({ url, defaultClient: { clientId, clientSecret } }: Pbx) => ({
	pbxUrl: url,
	clientId,
	clientSecret,
});

/** A credential with the two fields that n8n adds itself. */
class RestrictedStore extends CredentialStore {
	restriction: ICredentialDataDecryptedObject = {};

	override async getDecrypted(...args: Parameters<CredentialStore['getDecrypted']>) {
		return { ...(await super.getDecrypted(...args)), ...this.restriction };
	}
}

let nodes = 0;

/** Publishes a workflow of its own; gives the callers that it is told of. */
async function publish(credentials: CredentialStore, mode?: 'init') {
	const emitted = new Collector<Emitted>();
	const { response } = await activate(
		{
			type: QuickTrigger,
			credentials,
			nodeId: `node ${++nodes}`,
			parameters: { events: ['callRinging'] },
			onEmit: emitted.push,
		},
		mode,
	);
	closers.push(async () => await response.closeFunction?.());
	const callers = () => emitted.items.map(({ items }) => items[0]!.json.callerNumberRaw as string);
	return {
		callers,
		/** Waits until it is told of a call of this number. */
		hears: async (from: string) =>
			await emitted.first(({ items }) => JSON.stringify(items).includes(from), `a call of ${from}`),
		told: () => JSON.stringify(emitted.items.map(({ items }) => items)),
	};
}

const ring = (pbx: Pbx, from: string) => pbx.calls.incoming({ from, to: '100' });

describe('somebody who knows PBX and client ID, but not the secret', () => {
	test('cannot publish a trigger on the open link of another', async () => {
		const pbx = await newPbx();
		await publish(new CredentialStore(fieldsOf(pbx)));
		const made = new CredentialStore({ ...fieldsOf(pbx), clientSecret: 'made up' });
		await expect(publish(made)).rejects.toThrow('refuses the client ID or the client secret');
	});

	test('hears nothing when n8n starts his workflow', async () => {
		const pbx = await newPbx();
		const owner = await publish(new CredentialStore(fieldsOf(pbx)));
		const made = new CredentialStore({ ...fieldsOf(pbx), clientSecret: 'made up' });
		const thief = await publish(made, 'init');
		ring(pbx, '441632960001');
		await owner.hears('441632960001');
		expect(thief.told()).toBe('[]');
	});
});

describe('rules of the own credential', () => {
	test('Allowed Domains are asked, although the link of another is open', async () => {
		const pbx = await newPbx();
		await publish(new CredentialStore(fieldsOf(pbx)));
		const restricted = new RestrictedStore(fieldsOf(pbx));
		restricted.restriction = {
			allowedHttpRequestDomains: 'domains',
			allowedDomains: 'pbx.example.com',
		};
		await expect(publish(restricted)).rejects.toThrow('This credential may not be used with');
	});

	test('that are made stricter end the listening, and end it for nobody else', async () => {
		const pbx = await newPbx();
		const other = await publish(new CredentialStore(fieldsOf(pbx)));
		const restricted = new RestrictedStore(fieldsOf(pbx));
		const strict = await publish(restricted);
		ring(pbx, '441632960001');
		await strict.hears('441632960001');
		let asked = 0;
		restricted.restriction = {
			allowedHttpRequestDomains: 'domains',
			get allowedDomains() {
				asked++;
				return 'pbx.example.com';
			},
		};
		// It was asked, and what came of that has been done, when it is asked again.
		while (asked < 2) await new Promise((resolve) => setImmediate(resolve));
		ring(pbx, '441632960002');
		await other.hears('441632960002');
		expect(strict.told()).not.toContain('441632960002');
	});
});

describe('a credential that is changed to another PBX', () => {
	test('takes its own workflow there after a drop, and no other', async () => {
		const [one, two] = [await newPbx(), await newPbx()];
		const credential = new CredentialStore(fieldsOf(one));
		const moving = await publish(credential);
		const staying = await publish(new CredentialStore(fieldsOf(one)));
		expect(linkCount()).toBe(1);
		Object.assign(credential.stored, fieldsOf(two));
		await one.restart();
		const calling = setInterval(() => {
			ring(two, '441632960002');
			ring(one, '441632960001');
		}, 100);
		closers.push(async () => await Promise.resolve(clearInterval(calling)));
		await moving.hears('441632960002');
		await staying.hears('441632960001');
		expect(staying.told()).not.toContain('441632960002');
		expect(moving.told()).not.toContain('441632960001');
		expect(linkCount()).toBe(2);
	});

	test('takes its workflow there by itself, without a drop', async () => {
		const [one, two] = [await newPbx(), await newPbx()];
		const credential = new CredentialStore(fieldsOf(one));
		const moving = await publish(credential);
		Object.assign(credential.stored, fieldsOf(two));
		const calling = setInterval(() => ring(two, '441632960002'), 100);
		closers.push(async () => await Promise.resolve(clearInterval(calling)));
		await moving.hears('441632960002');
		expect(linkCount()).toBe(1);
	});
});

describe('a subscriber', () => {
	const follow = (connect: () => Promise<LinkAccess>) => {
		const events = new Collector<TrackerEvent>();
		const states = new Collector<LinkState>();
		const subscription = subscribe({
			connect,
			onEvents: events.pushAll,
			onState: states.push,
			onError: (error) => {
				throw error as Error;
			},
			timing: TIMING,
		});
		closers.push(async () => await subscription.leave());
		return { subscription, events, states };
	};

	test('whose credential cannot be read for a while keeps its link, and hears on', async () => {
		const pbx = await newPbx();
		let isBroken = false;
		let asked = 0;
		const { subscription, events, states } = follow(async () => {
			asked++;
			if (isBroken) throw new Error('The database is locked');
			return await Promise.resolve({ key: pbx.url, client: clientOf(pbx) });
		});
		await subscription.ready();
		isBroken = true;
		asked = 0;
		while (asked < 2) await new Promise((resolve) => setImmediate(resolve));
		ring(pbx, '441632960001');
		await events.first(({ kind }) => kind === 'call', 'a call');
		expect(states.items).toEqual([{ online: true, outageMs: 0 }]);
	});

	test('that has no access at first gets in as soon as it has, and says how long it was without', async () => {
		const pbx = await newPbx();
		let isReady = false;
		const { subscription, states } = follow(async () => {
			if (!isReady) throw new Error('n8n is starting');
			return await Promise.resolve({ key: pbx.url, client: clientOf(pbx) });
		});
		await expect(subscription.ready()).rejects.toMatchObject({
			message: 'The connection could not be prepared: n8n is starting',
		});
		isReady = true;
		await states.count(2, 'states');
		expect(states.items).toMatchObject([
			{ online: false, error: { kind: 'unreachable' } },
			{ online: true, outageMs: expect.any(Number) as number },
		]);
	});

	test('that is not allowed in gets nothing of a link that is open', async () => {
		const pbx = await newPbx();
		const good = follow(async () => await Promise.resolve({ key: pbx.url, client: clientOf(pbx) }));
		await good.subscription.ready();
		const bad = follow(async () => {
			const details = { kind: 'forbidden', message: 'Not you', hint: 'Ask.' } as const;
			return await Promise.reject(new ThreeCxError(details));
		});
		await expect(bad.subscription.ready()).rejects.toMatchObject({ message: 'Not you' });
		ring(pbx, '441632960001');
		await good.events.first(({ kind }) => kind === 'call', 'a call');
		expect([bad.events.items, bad.subscription.online]).toEqual([[], false]);
	});
});
