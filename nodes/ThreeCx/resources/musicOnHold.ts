import { switchField, textField } from '../fields/simple';
import type { Field, SettingsResource } from '../resource';

/** XAPI has one main file and nine more, which other settings refer to by their number. */
const FURTHER = [1, 2, 3, 4, 5, 6, 7, 8, 9];

const file = (property: string, displayName: string, description: string): Field =>
	textField(property, {
		displayName,
		name: property,
		placeholder: 'e.g. onhold.wav',
		description,
	});

/** Music on hold of the whole PBX: XAPI `MusicOnHoldSettings`. */
export const musicOnHold: SettingsResource = {
	name: 'musicOnHold',
	label: 'Music on Hold',
	plural: 'Music on Hold',
	description: 'The music for callers on hold',
	singleton: 'MusicOnHoldSettings',
	fields: [
		file('MusicOnHold', 'File', 'File to play when no other music is set'),
		...FURTHER.map((number) =>
			file(`MusicOnHold${number}`, `File ${number}`, `Music on hold number ${number}`),
		),
		switchField('MusicOnHoldRandomize', {
			displayName: 'Random Start',
			name: 'MusicOnHoldRandomize',
			description: 'Whether the music starts at a random position',
		}),
		switchField('MusicOnHoldRandomizePerCall', {
			displayName: 'Random Start for Each Call',
			name: 'MusicOnHoldRandomizePerCall',
			description: 'Whether each call starts at its own random position',
		}),
	],
};
