import type { IDataObject, INodeProperties } from 'n8n-workflow';
import { ThreeCxError } from '../../../lib/http/errors';
import { invoke, invokeEntity } from '../../../lib/xapi/invoke';
import { required } from '../../shared/fields/required';
import type { ItemRun } from '../../shared/router';
import { assertConfirmed, confirmationProperty } from '../fields/confirmation';
import { aboutRow, locateKey } from '../locator';
import type { EntityResource } from '../resource';

/** A part of the PBX that a backup leaves out unless asked for. */
const extra = (name: string, displayName: string, description: string): INodeProperties => ({
	displayName,
	name,
	type: 'boolean',
	default: false,
	description,
});

/** A part that it contains unless told otherwise. */
const usual = (...names: Parameters<typeof extra>): INodeProperties => ({
	...extra(...names),
	default: true,
});

/** What a backup contains: the members of `BackupContents`. */
const contents: INodeProperties[] = [
	usual('CallHistory', 'Call History', 'Whether to include the call history'),
	{
		displayName: 'Encryption Password',
		name: 'password',
		type: 'string',
		typeOptions: { password: true },
		default: '',
		description: 'Encrypts the backup. It cannot be restored without this password.',
	},
	usual('FQDN', 'FQDN', 'Whether to include the host name of the PBX'),
	usual('License', 'License', 'Whether to include the license key'),
	extra('PhoneProvisioning', 'Phone Provisioning', 'Whether to include firmware and phone files'),
	usual('Prompts', 'Prompts', 'Whether to include announcements'),
	extra('Recordings', 'Recordings', 'Whether to include recordings, which can be large'),
	extra('VoiceMails', 'Voicemails', 'Whether to include voicemails'),
];

async function create(run: ItemRun): Promise<IDataObject> {
	const { context, index, client, signal } = run;
	const name = required(
		'backupName',
		'Name',
		context.getNodeParameter('backupName', index),
		'Choose a name that no other backup has, for example with the date.',
	);
	const { password = '', ...chosen } = context.getNodeParameter('contents', index, {}) as {
		password?: string;
	} & Record<string, boolean | string>;
	const encryption =
		password === ''
			? { EncryptBackup: false }
			: { EncryptBackup: true, EncryptBackupPassword: { Value: password } };
	const byDefault = Object.fromEntries(
		contents.flatMap(({ name: property, type, default: value }) =>
			type === 'boolean' ? [[property, value]] : [],
		),
	);
	const description = { Name: name, Contents: { ...byDefault, ...chosen, ...encryption } };
	await invoke(client, 'Backup', { body: { description }, signal });
	return { started: true, name };
}

async function restore(run: ItemRun): Promise<IDataObject> {
	const { context, index, client, signal } = run;
	const FileName = String(await locateKey(run, backup));
	assertConfirmed(
		run,
		FileName,
		'Restoring replaces the whole configuration of this PBX and restarts it, which ends all calls.',
	);
	const parameters = { FileName };
	// The footprint proves that it is the file that was looked at.
	const { Footprint, IsEncrypted, Version } = (await aboutRow(
		run,
		backup,
		async () => await invokeEntity(client, 'GetBackupExtras', { parameters, signal }),
	)) as { Footprint?: number; IsEncrypted?: boolean; Version?: string };
	const password = String(context.getNodeParameter('password', index, ''));
	if (IsEncrypted === true && password === '') {
		throw new ThreeCxError({
			kind: 'input',
			field: 'password',
			message: `The backup ${FileName} is encrypted, and the field "Password" is empty`,
			hint: 'Enter the password that was set when the backup was made.',
		});
	}
	const body = { footprint: Footprint ?? 0, password };
	await invoke(client, 'Restore', { parameters, body, signal });
	return { restoring: true, FileName, version: Version };
}

/** Backups of the PBX: XAPI `Backups`, whose key is the file name (protocol 4.2). */
export const backup: EntityResource = {
	name: 'backup',
	label: 'Backup',
	plural: 'Backups',
	description: 'A file with the configuration of the PBX',
	entitySet: 'Backups',
	type: 'Backups',
	naturalKeys: [],
	title: ({ FileName }) => String(FileName),
	searchIn: ['FileName'],
	summary: ['FileName', 'CreationTime', 'Size'],
	order: [{ field: 'CreationTime', direction: 'desc' }],
	expand: {},
	fields: [],
	operations: [
		{
			name: 'create',
			label: 'Create',
			action: 'Create a backup',
			description: 'Start a backup; it appears in the list when finished',
			uses: ['Backup'],
			properties: [
				{
					displayName: 'Name',
					name: 'backupName',
					type: 'string',
					required: true,
					default: '',
					placeholder: 'e.g. before-update-2026-11-23',
				},
				{
					displayName: 'Contents',
					name: 'contents',
					type: 'collection',
					placeholder: 'Add option',
					default: {},
					options: contents,
				},
			],
			execute: create,
		},
		{
			name: 'restore',
			label: 'Restore',
			action: 'Restore a backup and restart the PBX',
			description: 'Replace the configuration of the PBX with a backup and restart the PBX',
			onRow: true,
			uses: ['GetBackupExtras', 'Restore'],
			properties: [
				confirmationProperty(
					'the File Name',
					'Restoring replaces the whole configuration and ends all calls',
					'before-update-2026-11-23.zip',
				),
				{
					displayName: 'Password',
					name: 'password',
					type: 'string',
					typeOptions: { password: true },
					default: '',
					description: 'The password of the backup, if it is encrypted',
				},
			],
			execute: restore,
		},
	],
};
