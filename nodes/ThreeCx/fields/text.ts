import type { INodePropertyOptions } from 'n8n-workflow';
import { catalogue, enumMembers } from '../../../lib/xapi/catalogue';

/**
 * A PascalCase name of XAPI as words: `RingTimeout` becomes "Ring Timeout", `VMEmailOptions` "VM Email Options",
 * `system_owners` "System Owners".
 */
export const titleCase = (name: string): string =>
	name
		.replaceAll('_', ' ')
		.replace(/([a-z0-9])([A-Z])/g, '$1 $2')
		.replace(/([A-Z])([A-Z][a-z])/g, '$1 $2')
		.replace(/\b[a-z]/g, (letter) => letter.toUpperCase());

/** The members of an enum of the catalogue as dropdown options, in 3CX's order. */
export const enumOptions = (name: string, from = catalogue): INodePropertyOptions[] =>
	enumMembers(from, name).map((value) => ({ name: titleCase(value), value }));
