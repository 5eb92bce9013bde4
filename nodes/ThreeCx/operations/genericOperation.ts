import type { IDisplayOptions, INodeProperties } from 'n8n-workflow';
import type { EntitySet } from '../../../lib/xapi/catalogue';
import type { ItemResult, ItemRun } from '../../shared/router';
import type { OperationName, EntityResource, XapiResource } from '../resource';

/** An operation that works on any resource. */
export interface GenericOperation {
	/** Value of the Operation parameter. */
	name: OperationName;
	/** As in the Operation dropdown. */
	label: string;
	/** What the editor and AI agents read, such as "Get many users". */
	action: (resource: EntityResource) => string;
	description: (resource: EntityResource) => string;
	/** The verbs that the resource's entity set must have. */
	needs: Array<keyof EntitySet['verbs']>;
	/** The parameters that are a resource's own. */
	properties?: (resource: EntityResource) => INodeProperties[];
	/** The parameters that are alike for all resources: declared once, which keeps the node's description small. */
	shared?: (showFor: ShowForAll) => INodeProperties[];
	/** See `Operation`. */
	dryRun?: boolean;
	/** Carries it out for one item. */
	execute: (run: ItemRun, resource: EntityResource) => Promise<ItemResult>;
}

/**
 * Display options that show a parameter for some operations of every resource that has one of them, or of those that
 * `which` picks.
 */
export type ShowForAll = (
	operations: Array<OperationName | 'updateSettings'>,
	which?: (resource: XapiResource) => boolean,
) => DisplayOptions;

type DisplayOptions = { show: { resource: string[]; operation: string[] } };

/** The same for a member of a collection, which looks at the parameters beside the collection. */
export const inCollection = ({ show: { resource } }: DisplayOptions): IDisplayOptions => ({
	show: { '/resource': resource },
});

/** "a user", "an IVR". */
export const withArticle = ({ label }: EntityResource): string =>
	`${/^(?:[AEIO]|U(?!se)|[FHLMNRSX][A-Z]+\b)/.test(label) ? 'an' : 'a'} ${lower(label)}`;

/** Lower case, but for abbreviations. */
export const lower = (label: string): string =>
	label.replace(/\b[A-Z][a-z]+/g, (word) => word.toLowerCase());
