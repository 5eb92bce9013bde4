import type { IDataObject } from 'n8n-workflow';
import { ThreeCxError } from '../../../../lib/http/errors';
import { isRows } from '../../../../lib/xapi/answer';
import type { Entity } from '../../../../lib/xapi/entities';
import { invoke, invokeEntity } from '../../../../lib/xapi/invoke';
import { extensionsOf, extensionsParameter } from '../../fields/extensions';
import type { ItemRun } from '../../../shared/router';
import { wouldDelete } from '../../operations/output';
import { onRow } from '../../onRow';
import type { OwnOperation } from '../../resource';
import { usersNumbered } from '../../usersNumbered';
import { rows } from './rows';

/** What is done to the accounts behind extensions. */

export const deleteMany: OwnOperation = {
	name: 'deleteMany',
	label: 'Delete Many',
	action: 'Delete many users permanently',
	description: 'Delete multiple users with one request; returns one item for each with the result',
	uses: ['ListUser', 'BatchDelete'],
	dryRun: true,
	properties: [
		extensionsParameter({
			displayName: 'User Names or IDs',
			name: 'extensions',
			required: true,
		}),
	],
	execute: async (run): Promise<IDataObject[]> => {
		const { client, signal } = run;
		const numbers = extensionsOf(run, 'extensions');
		const users = await usersNumbered(run, numbers, ['Id', 'Number']);
		if (client.dryRun) {
			return numbers.map((number) => {
				const user = users.get(number);
				return user
					? wouldDelete(client, user)
					: { outcome: 'unchanged', changed: {}, Number: number, error: hasNone(number) };
			});
		}
		const ids = [...users.values()].map(({ Id }) => Id);
		// Empty when all are deleted; otherwise those that are not, and why (protocol 4.5).
		const answer =
			ids.length === 0 ? [] : await invoke(client, 'BatchDelete', { body: { ids }, signal });
		const failures = isRows(answer) ? answer : await remaining(run, numbers);
		return numbers.map((number) => {
			const user = users.get(number);
			const failure = failures.find(({ ExtensionNumber }) =>
				[number, String(user?.Id)].includes(String(ExtensionNumber)),
			);
			const error = user ? failure?.Error : hasNone(number);
			return {
				Number: number,
				...(user ? { Id: user.Id as number } : {}),
				deleted: error === undefined,
				...(error === undefined ? {} : { error: String(error) }),
			};
		});
	},
};

const hasNone = (number: string) => `This PBX has no user with Number ${number}`;

/** Users that are still there after a deletion of which the PBX has told nothing that can be read, as its failures. */
async function remaining(run: ItemRun, numbers: string[]): Promise<Entity[]> {
	const left = await usersNumbered(run, numbers, ['Id', 'Number']).catch(() => undefined);
	return numbers
		.filter((number) => left?.has(number) ?? true)
		.map((number) => ({
			ExtensionNumber: number,
			Error: left
				? 'The PBX did not delete this user, and did not say why'
				: 'The PBX did not say whether this user is deleted: look before you try again',
		}));
}

/** `RegenerateOptions` of XAPI: what to regenerate, one flag each. */
const CREDENTIALS = [
	{ name: 'Configuration Link', value: 'ConfigurationLink' },
	{ name: 'Desk Phone Password', value: 'DeskphonePassword' },
	{ name: 'RPS Key', value: 'RpsKey' },
	{ name: 'Send Welcome Email', value: 'SendWelcomeEmail' },
	{ name: 'SIP ID and Password', value: 'SipAuth' },
	{ name: 'Voicemail PIN', value: 'VoicemailPIN' },
	{ name: 'Web Client Password', value: 'WebclientPassword' },
];

export const regenerate: OwnOperation = {
	name: 'regenerate',
	label: 'Regenerate Credentials',
	action: 'Regenerate the credentials of a user and end the old ones',
	description:
		'Generate new passwords and keys for a user. The old ones stop working at once: phones and apps must be set up again.',
	onRow: true,
	uses: ['Regenerate'],
	properties: [
		{
			displayName: 'What to Regenerate',
			name: 'credentials',
			type: 'multiOptions',
			required: true,
			options: CREDENTIALS,
			default: [],
			description:
				'The new values are not shown in the output; the user gets them in the welcome email',
		},
	],
	execute: async (run): Promise<IDataObject> => {
		const { context, index, client, signal } = run;
		const chosen = context.getNodeParameter('credentials', index, []) as string[];
		if (chosen.length === 0) {
			throw new ThreeCxError({
				kind: 'input',
				field: 'credentials',
				message: 'Nothing to regenerate is selected',
				hint: 'Choose at least one under What to Regenerate.',
			});
		}
		// XAPI declares all of them as required.
		const opts = Object.fromEntries(
			CREDENTIALS.map(({ value }) => [value, chosen.includes(value)]),
		);
		return await onRow(run, rows, async ({ id }) => {
			await invoke(client, 'Regenerate', { parameters: { Id: id }, body: { opts }, signal });
			return { Id: id, regenerated: chosen };
		});
	},
};

export const sendWelcomeEmail: OwnOperation = {
	name: 'sendWelcomeEmail',
	label: 'Send Welcome Email',
	action: 'Send the welcome email to a user',
	description: 'Send the user the email for setting up phone and apps',
	onRow: true,
	uses: ['SendWelcomeEmail'],
	execute: async (run): Promise<IDataObject> =>
		await onRow(run, rows, async ({ id }) => {
			const { client, signal } = run;
			await invoke(client, 'SendWelcomeEmail', { parameters: { Id: id }, signal });
			return { Id: id, sent: true };
		}),
};

export const getFreeNumber: OwnOperation = {
	name: 'getFreeNumber',
	label: 'Get Free Number',
	action: 'Get a free extension number',
	description: 'Find the next free extension number, without reserving it',
	uses: ['GetFirstAvailableExtensionNumber'],
	execute: async ({ client, signal }): Promise<IDataObject> =>
		(await invokeEntity(client, 'GetFirstAvailableExtensionNumber', { signal })) as IDataObject,
};
