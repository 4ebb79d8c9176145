/**
 * The constants of the join, each with its reason; `docs/detections/intent-influenced-action.md` has the formula and what
 * each of them is worth.
 */
import { CLASS_BIT } from '../../../schemas/indicators.ts'

export const INFLUENCE = {
  /** What a value that an order explains weighs, by who brought it first. */
  value_weight: {
    unknown: 1,
    task: 0,
    agent: 0,
    field: 0.4,
    link: 0.5,
    status: 0.4,
    vouched: 0.8,
    prose: 0.9,
    beside: 1,
    order: 1,
  },
  /** Weight of the tool's name next to the arguments: that of a whole argument if the act is new to the task. */
  act_weight: 0.8,
  act_weight_in_task: 0.3,
  /** Weight of an argument whose value is in records that the agent read anyway. */
  known_weight: 0.3,
  /** Weight of an argument that nobody gave: the agent's own words. */
  own_weight: 0.25,
  /** What the call acts on is the agent's own, and the order shares nothing but words with it. */
  other_weight: 0.8,
  /** Of the act: the verb itself, its class only, and the object. */
  verb_share: 0.6,
  class_share: 0.35,
  noun_share: 0.4,
  /** From this strength on a sentence counts in full. */
  strength_full: 90,
  /** From this strength on a sentence asks. Below it only tells, and a call must take more from it. */
  asks_from: 140,
  words_told: 0.6,
  /** An argument of this many words that repeats a text passes it on. */
  sentence_from: 4,
  reads_told: 0.35,
  /** Building and testing what is there is what a page about it tells everybody to do. */
  routine: 0.4,
  /** Among orders that explain a call nearly equally, the one that the user stands behind most is taken. */
  near_equal: 0.7,
  reads: 0.9,
  /** Words of an argument that the order holds, out of those that are new, from this many on full. */
  words_full: 3,
  /** One word in common is chance. */
  words_least: 2,
  floor_acts: 0.7,
  author_delegated: 0.9,
  author_pointed: 0.75,
  author: 0.6,
  place_delegated: 0.2,
  place_related: 0.4,
  /** So many words that the rest of the text has, too, make an order what the text is about. */
  central_from: 2,
  /** The page that the user named asks for the act that the user asked for, on the same subject. */
  place_agreed: 0.55,
  objects_max: 0.4,
  object_own: 0.2,
  object_near: 0.3,
  /** So many words about the task's subject in one order are borrowed. */
  borrowed_from: 3,
  /** Everyday words included, so many of the task's in an order and its neighbours repeat it; of a short task half of them. */
  repeated_from: 5,
  repeated_least: 4,
  /** An act that the user did not name needs this much in common with the rest of the text that the user handed over. */
  other_from: 1,
  points_back: 0.7,
  /** The order asks to be answered where its author is at home. */
  own_site: 0.5,
  /** The record is of the kind that the act of the task is about, and asks for that act. */
  kind_agreed: 0.5,
  status: 0.6,
  task_share: 0.3,
  /** Looking up words of a page that the user named. */
  topical: 0.7,
  mark: 0.95,
} as const

/** Acts that cannot be taken back. */
export const SERIOUS = CLASS_BIT.delete | CLASS_BIT.grant | CLASS_BIT.pay | CLASS_BIT.credential
