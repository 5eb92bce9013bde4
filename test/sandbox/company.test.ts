import type { Participant } from '../../sandbox/pbx/callcontrol';
import { withPbx } from './xapi/support';

/** The company that the sandbox begins with, as Call Control shows it. */

interface DnState {
	dn: string;
	type: string;
	devices: Array<{ device_id: string }>;
}

describe('queues and IVRs', () => {
	const sandbox = withPbx({ seedCallLogRows: 0, calls: { externalAnswerAfterMs: 10 } });

	const send = async (method: string, path: string, body?: object) => {
		const response = await fetch(`${sandbox.pbx.url}/callcontrol${path}`, {
			method,
			headers: { Authorization: `Bearer ${sandbox.at.token}`, 'Content-Type': 'application/json' },
			...(body && { body: JSON.stringify(body) }),
		});
		return { status: response.status, body: (await response.json()) as unknown };
	};

	// As 3CX's campaign sample does: the first device of the first of them calls a customer (protocol 2.2).
	test.each(['Wqueue', 'Wivr'])('%s: a call is made from its device', async (wanted) => {
		const all = (await send('GET', '')).body as DnState[];
		const { dn, devices } = all.find(({ type }) => type === wanted)!;
		expect(devices).toHaveLength(1);
		const device = encodeURIComponent(devices[0]!.device_id);
		const destination = '+447700900123';
		expect(await send('POST', `/${dn}/devices/${device}/makecall`, { destination })).toMatchObject({
			status: 200,
			body: { finalstatus: 'Success', result: { dn, status: 'Dialing' } },
		});
		const status = async () =>
			((await send('GET', `/${dn}/participants`)).body as Participant[])[0]?.status;
		while ((await status()) !== 'Connected') await new Promise(setImmediate);
	});
});
