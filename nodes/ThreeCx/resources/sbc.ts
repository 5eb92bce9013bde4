import { invoke } from '../../../lib/xapi/invoke';
import { textField } from '../fields/simple';
import { onRow } from '../onRow';
import type { EntityResource, OwnOperation } from '../resource';

/** Has an SBC take over what the PBX has set for it: XAPI `PushConfig`. */
const pushConfig: OwnOperation = {
	name: 'pushConfig',
	label: 'Push Config',
	action: 'Push the configuration to an SBC',
	description: 'Send an SBC its configuration again',
	onRow: true,
	uses: ['PushConfig'],
	execute: async (run) =>
		await onRow(run, sbc, async ({ id }) => {
			await invoke(run.client, 'PushConfig', { parameters: { Name: id }, signal: run.signal });
			return { Name: id, pushed: true };
		}),
};

/** A Session Border Controller, which connects the phones of another site: XAPI `Sbcs`, whose key is `Name`, a text. */
export const sbc: EntityResource = {
	name: 'sbc',
	label: 'SBC',
	plural: 'SBCs',
	description: 'A Session Border Controller, which connects the phones of another site to the PBX',
	entitySet: 'Sbcs',
	type: 'Sbc',
	naturalKeys: [
		{ property: 'DisplayName', label: 'Display Name', placeholder: 'e.g. Harbour office' },
	],
	// Who gives a new SBC its key and its password nobody has seen (protocol 4.6).
	without: ['create', 'upsert'],
	title: ({ DisplayName, Name }) =>
		[DisplayName, Name && `(${String(Name)})`].filter(Boolean).join(' '),
	searchIn: ['DisplayName', 'Name'],
	summary: [
		'Name',
		'DisplayName',
		'Group',
		'HasConnection',
		'Version',
		'PublicIP',
		'LocalIPv4',
		'Connection',
	],
	expand: {},
	fields: [
		textField('DisplayName', {
			displayName: 'Display Name',
			name: 'displayName',
			placeholder: 'e.g. Harbour office',
		}),
	],
	operations: [pushConfig],
};
