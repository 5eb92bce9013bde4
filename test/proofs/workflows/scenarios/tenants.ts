import assert from 'node:assert/strict';
import type { Pbx } from '../../../../sandbox/pbx';
import { CREDENTIAL_TYPE } from '../../../support/workflows';
import type { TableRow } from '../../../../sandbox/playground/tables';
import { accessTo, type Stage } from '../stage';
import type { Scenario } from './index';

const CREDENTIAL = '3CX of each tenant';
const NAMES = ['Alder & Sons', 'Birch GmbH', 'Cedar Ltd', 'Dogwood "Inc"'];

/**
 * Customers' PBXs, each under a name of its own: workflows compare it with the address. All loopback addresses lead to
 * this machine.
 */
async function customers(stage: Stage): Promise<Pbx[]> {
	return await Promise.all(
		NAMES.map(async (_, index) => {
			const host = `127.0.0.${index + 11}`;
			return await stage.pbx({ seed: 'empty', host, fqdn: host });
		}),
	);
}

const rowsOf = (pbxs: Pbx[]): TableRow[] =>
	pbxs.map(({ url, defaultClient: { clientId, clientSecret } }, index) => ({
		name: NAMES[index]!,
		pbxUrl: url,
		clientId,
		clientSecret: index === 3 ? 'mistyped' : clientSecret,
	}));

async function table(stage: Stage, pbxs: Pbx[]): Promise<void> {
	await stage.api.createTable('3CX tenants', rowsOf(pbxs));
}

/** A credential that follows the items. */
const perRow = {
	pbxUrl: '={{ $json.pbxUrl }}',
	clientId: '={{ $json.clientId }}',
	clientSecret: '={{ $json.clientSecret }}',
};

const holidays = (pbxs: Pbx[]) => pbxs.map(({ store }) => store.rows('Holidays').length);

export const tenants: Scenario = async (stage, check) => {
	const pbxs = await customers(stage);
	await table(stage, pbxs);
	await pbxs[2]!.down();
	await stage.api.saveCredential(CREDENTIAL, CREDENTIAL_TYPE, accessTo(pbxs[0]!));
	const { succeed } = await stage.import('tenants.json');

	const wrong = await succeed();
	await check(
		'with the credential of one PBX only that row is done, the others are named as failed',
		() => {
			assert.deepEqual(
				wrong.items('Done').map(({ tenant }) => tenant),
				[NAMES[0]],
			);
			assert.deepEqual(
				wrong.items('Failed').map(({ tenant }) => tenant),
				NAMES.slice(1),
			);
			for (const { problem } of wrong.items('Failed'))
				assert.match(String(problem), /Nothing was written.*127\.0\.0\.11/);
			assert.deepEqual(holidays(pbxs), [1, 0, 0, 0]);
		},
	);

	await stage.api.saveCredential(CREDENTIAL, CREDENTIAL_TYPE, perRow);
	const right = await succeed();
	await check('with a credential that follows the rows each PBX gets the holiday', () => {
		assert.deepEqual(
			right.items('Done').map(({ tenant, outcome }) => [tenant, outcome]),
			[
				[NAMES[0], 'unchanged'],
				[NAMES[1], 'created'],
			],
		);
		assert.deepEqual(holidays(pbxs), [1, 1, 0, 0]);
	});
	await check('the one that is down and the one with a wrong secret are named with cause', () => {
		const failed = right.items('Failed');
		assert.deepEqual(
			failed.map(({ tenant }) => tenant),
			NAMES.slice(2),
		);
		assert.match(String(failed[0]?.problem), /refused the connection/);
		assert.match(String(failed[1]?.problem), /refuses the client ID or the client secret/);
		assert.equal(pbxs[3]!.failedLogins, 1);
	});
};

export const nightlyReport: Scenario = async (stage, check) => {
	const pbxs = await customers(stage);
	await table(stage, pbxs);
	const history = await stage.api.createTable('3CX nightly report');
	await stage.credentials();
	await stage.api.saveCredential(CREDENTIAL, CREDENTIAL_TYPE, perRow);
	await pbxs[2]!.down();
	const trunk = pbxs[1]!.store.rows('Trunks')[0]!;
	pbxs[1]!.store.update('Trunks', trunk, { IsOnline: false });
	const { mails } = stage.services.mail;
	const { succeed } = await stage.import('nightly-report.json');
	await succeed();
	await check('one mail has a line for each customer, and what is wrong', () => {
		assert.equal(mails.length, 1);
		const { text } = mails[0]!;
		for (const name of ['Alder &amp; Sons', 'Birch GmbH', 'Cedar Ltd', 'Dogwood "Inc"'])
			assert.ok(text.includes(name), `${name} in ${text}`);
		assert.match(text, /Birch GmbH<\/td><td>look<\/td><td>[^<]*Trunk \S+ [^<]*offline/);
		assert.match(text, /Cedar Ltd<\/td><td>failed<\/td><td>[^<]*refused the connection/);
		assert.match(text, /Dogwood "Inc"<\/td><td>failed<\/td><td>[^<]*refuses the client ID/);
		for (const { defaultClient } of pbxs) assert.ok(!text.includes(defaultClient.clientSecret));
	});
	await check('a second run of the night adds no rows to the history', async () => {
		await succeed();
		const rows = await stage.api.rows(history);
		assert.deepEqual(rows.map(({ tenant }) => tenant).sort(), NAMES);
		assert.deepEqual(new Set(rows.map(({ state }) => state)), new Set(['look', 'failed']));
	});

	await stage.api.saveCredential(CREDENTIAL, CREDENTIAL_TYPE, accessTo(pbxs[0]!));
	await succeed();
	await check('a credential of one PBX does not make the others look well', () => {
		const { text } = mails.at(-1)!;
		assert.equal(text.match(/The credential leads to another PBX: 127\.0\.0\.11/g)?.length, 3);
	});
};
