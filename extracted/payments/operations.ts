import type { AnswerOf, RoutesOf } from '../service/operations.ts';
import type { operations, paths } from './api.gen.ts';

export type Answer<Id extends keyof operations> = AnswerOf<operations, Id>;
export type Routes = RoutesOf<paths>;
