import type { IDataObject } from 'n8n-workflow';
import { closeDispatchers } from '../../lib/http/dispatchers';
import { startPbx, type Pbx } from '../../sandbox/pbx';
import { runNode } from '../support/n8n';
import { tenantCredentials } from '../support/tenants';

/**
 * An MSP's day: one workflow, one credential with expressions, fifty PBXs. All have the same client ID and name
 * themselves alike, so nothing but where a token came from tells whose it is.
 */

const TENANTS = 50;
const OPERATIONS = 2000;

let pbxs: Pbx[];

beforeAll(async () => {
	pbxs = await Promise.all(
		Array.from(
			{ length: TENANTS },
			async () => await startPbx({ seed: 'empty', fqdn: 'pbx.example.com' }),
		),
	);
}, 60_000);

afterAll(async () => {
	await closeDispatchers();
	await Promise.all(pbxs.map(async (pbx) => await pbx.close()));
});

/** A shuffle that is the same in every run. */
function shuffled<T>(values: T[]): T[] {
	let state = 20_261_123;
	const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
	return values
		.map((value) => ({ value, order: random() }))
		.sort((a, b) => a.order - b.order)
		.map(({ value }) => value);
}

test('every row lands on its own PBX, with one token each, while some of them fail', async () => {
	const items: IDataObject[] = shuffled(
		Array.from({ length: OPERATIONS }, (_, n) => {
			const tenant = n % TENANTS;
			const { url, defaultClient } = pbxs[tenant]!;
			return {
				tenant,
				url,
				clientId: defaultClient.clientId,
				clientSecret: defaultClient.clientSecret,
				name: `Tenant ${tenant} branch ${Math.floor(n / TENANTS)}`,
			};
		}),
	);
	// Ten PBXs are busy now and then, one is always, one breaks its connections; none of it concerns the others.
	for (let tenant = 0; tenant < 10; tenant++) {
		pbxs[tenant]!.faults.next({
			method: 'GET',
			path: /\/Groups/,
			status: 503,
			times: 2,
			headers: { 'retry-after': '0' },
		});
	}
	pbxs[10]!.faults.next({
		path: /\/Groups/,
		status: 503,
		times: 10_000,
		headers: { 'retry-after': '0' },
	});
	pbxs[11]!.faults.next({ method: 'GET', path: /\/Groups/, resetConnection: true, times: 2 });

	const { items: output, error } = await runNode({
		parameters: {
			resource: 'department',
			operation: 'upsert',
			name: '={{ $json.name }}',
			requestOptions: { inFlight: 8 },
		},
		credentials: tenantCredentials(),
		items,
		onError: 'continueRegularOutput',
	});

	expect(error).toBeUndefined();
	expect(output).toHaveLength(OPERATIONS);
	for (const [index, { json, pairedItem }] of output.entries()) {
		const { tenant, name } = items[index]!;
		expect(pairedItem).toEqual({ item: index });
		expect(json).toMatchObject(
			tenant === 10 ? { error: expect.any(String) } : { outcome: 'created', Name: name },
		);
	}
	for (const [tenant, pbx] of pbxs.entries()) {
		const names = pbx.store.rows('Groups').map(({ Name }) => String(Name));
		const mine = names.filter((name) => name !== 'DEFAULT');
		expect(mine).toHaveLength(tenant === 10 ? 0 : OPERATIONS / TENANTS);
		expect(mine.every((name) => name.startsWith(`Tenant ${tenant} `))).toBe(true);
		// A token of another tenant would have been refused; and each PBX minted once.
		expect(pbx.requests.filter(({ status }) => status === 401)).toEqual([]);
		expect(pbx.mints[pbx.defaultClient.clientId]).toBe(1);
	}
}, 120_000);
