/**
 * Types of the review page. What travels between page and server has the names that the server
 * describes at /api/openapi.json; types.test.js holds the two together.
 */

/** Edges in fractions of the upright picture. */
type Box = readonly [x1: number, y1: number, x2: number, y2: number];
/** Probability between 0 and 1; null: not rated. */
type Share = number | null;
type State = "pending" | "approved" | "overridden" | "rejected" | "skipped";
type PictureSize = "small" | "view" | "large";

interface Image {
  name: string;
  /** Address; a size is appended. */
  picture: string;
  /** Changes with the file; null: the picture cannot be read. */
  version: string | null;
  width: number | null;
  height: number | null;
  probability: Share;
  tags: string[];
  /** Boxes of the faces and of the hands that were found. */
  faces: Box[];
  hands: Box[];
}

interface CropAlternative {
  box: Box;
  probability: Share;
}

interface Crop {
  /** False: nothing is said about the frame. */
  offered: boolean;
  box: Box | null;
  confidence: Share;
  keep_probability: Share;
  reason: string;
  alternatives: CropAlternative[];
}

interface Decision {
  /** Position of the image that is kept; null: none is. */
  final_index: number | null;
  /** Null keeps the picture whole. */
  crop_coords: Box | null;
  crop_by_hand: boolean;
  crop_source: "suggested" | "alternative" | "edited" | "carried" | "whole" | "by_hand" | null;
  timestamp: string;
}

interface FlagPlace {
  /** One of the group's flags. */
  flag: string;
  index: number;
  box: Box;
}

interface Group {
  group_id: string;
  /** Hash of what is suggested; a decision says which one was on the screen. */
  version: string;
  project: string;
  state: State;
  images: Image[];
  suggested: number | null;
  confidence: Share;
  none_probability: Share;
  reasons: string[];
  flags: string[];
  duplicates: string[];
  within_budget: boolean;
  crop: Crop;
  decision: Decision | null;
  /** Drawn from a bulk approval: nothing is told of the suggestion. */
  audited: boolean;
  /** The frame of an audited set is asked for too. */
  judges_crop: boolean;
  /** Changed by hand and not rated since. */
  awaiting: boolean;
  near_duplicates: boolean;
  flag_places: FlagPlace[];
}

interface Progress {
  total: number;
  pending: number;
  approved: number;
  overridden: number;
  rejected: number;
  skipped: number;
  unsubmitted: number;
  seconds_per_set: number | null;
  seconds_left: number | null;
  can_undo: boolean;
  can_redo: boolean;
}

/** Context of a decision: what was on the page when it was made. */
interface Shown {
  position: number;
  suggested_position: number | null;
  hidden: boolean;
  revealed: boolean;
  crop_visible: boolean;
  full_size: boolean;
  seconds: number;
  filter: string;
  key: string;
  order: number[];
}

interface Decide {
  group_id: string;
  action: Exclude<State, "pending">;
  final_choice?: number;
  /** Null keeps the picture whole; left out: the frame was not judged. */
  crop_coords?: Box | null;
  crop_by_hand?: boolean;
  shown?: Shown;
  suggestion_version?: string | null;
  event_id?: string;
}

/** The fields of `Decide` that a command sets; the rest are filled in when it is sent. */
type Choice = Omit<Decide, "group_id" | "shown" | "suggestion_version" | "event_id">;

interface Tag {
  group_id: string;
  /** Tags by the position of an image. */
  image_tags: Record<string, string[]>;
  event_id?: string;
}

interface Regroup {
  group_id: string;
  /** Positions, paths or names. */
  images: (number | string)[];
  /** The set that they go to; null: a set of their own. */
  to?: string | null;
  suggestion_versions?: Record<string, string>;
  event_id?: string;
}

interface ApproveBatch {
  group_ids: string[];
  suggestion_versions?: Record<string, string>;
  /** Those whose picture is kept whole. */
  keep_whole?: string[];
  event_id?: string;
}

interface Empty {
  event_id?: string;
}

interface Queue {
  group_ids: string[];
  first_pending: string | null;
  /** State of every group that is not pending. */
  states: Record<string, State>;
  projects: string[];
  problems: string[];
}

interface LoadBatch {
  groups: Group[];
  progress: Progress;
  csrf_token: string;
}

/** An error budget, and the sets that lie within it. */
interface BudgetLevel {
  budget: number;
  sets: number;
  /** How many are wrong by the probabilities that are stated. */
  about: number;
  /** How many are wrong at most, as promised. */
  at_most: number;
}

interface Budget {
  group_ids: string[];
  /** Those of them that are asked one by one. */
  asked: string[];
  /** Why there is no batch, or none but this. */
  why: string;
  versions: Record<string, string>;
  /** The strictest first. */
  levels: BudgetLevel[];
  /** How sure the suggested crops are. */
  crops: Record<string, number>;
}

interface Changed {
  group_ids: string[];
  groups: Group[];
  progress: Progress;
  /** What a bulk approval withheld. */
  asked: string[];
  /** What was undone or done again, in words. */
  what: string;
}

interface Submitted {
  submitted: number;
  counts: Record<string, number>;
  progress: Progress;
}

type HintName = "decide" | "look" | "undo";

/** Hints that are not shown any more. */
interface Hints {
  seen: HintName[];
}

interface Keys {
  /** Keys to press, by those that the page is written for. */
  keys: KeyMap;
}

/** What goes on beside the answers on the first day. */
interface DayReport {
  phase: string;
  until_model: number;
  can_suggest: boolean;
  /** Changes when the order of the sets, or what is suggested for them, has changed. */
  orders: number;
  words: string[];
  problem: string;
}

type JobKind = "suggest" | "preview" | "apply" | "undo" | "train" | "rollback" | "report" | "duplicates";

/** A job to begin at the desk. */
interface RunJob {
  kind: JobKind;
  /** Of `apply`: hash of the plan that was shown. */
  plan?: string | null;
  /** Of `rollback`: name of an earlier model. */
  model?: string | null;
  event_id?: string;
}

interface Move {
  action: string;
  source: string;
  target: string;
  role: string;
}

/** Plan of `prefml apply`, or what became of it. */
interface Plan {
  hash: string;
  sets: number;
  /** Files by role. */
  counts: Record<string, number>;
  files: number;
  moves: Move[];
  left_out: { group_id: string; reason: string }[];
  not_kept: string[];
}

/** Outcome of the training of one model. */
interface Verdict {
  kind: string;
  trained: boolean;
  in_use: boolean;
  words: string;
  scores: Record<string, number>;
}

/** A job of the desk. */
interface DeskJob {
  number: number;
  kind: string;
  /** Lost: its process is gone and left no word. */
  state: "running" | "done" | "failed" | "stopped" | "lost";
  commands: string[];
  /** Position of the command that is, or was, at work. */
  step: number;
  started: string;
  ended: string | null;
  progress: { part: string; done: number; total: number | null } | null;
  error: string;
  result: { words: string[]; plan: Plan | null; verdicts: Verdict[]; near_duplicates: number } | null;
}

interface ModelInUse {
  kind: string;
  written: string | null;
  counts: Record<string, number>;
  scores: Record<string, number>;
  /** Those that can be brought back, the latest first. */
  earlier: { name: string; written: string | null }[];
  problem: string;
}

/** Where the work stands. */
interface Desk {
  progress: Progress;
  near_duplicates: number;
  within_budget: number;
  batches_why: string;
  looking: boolean;
  /** Null: not looked at yet. */
  looked: string | null;
  problem: string;
  new_pictures: number;
  submitted: number;
  applied: number;
  runs: number;
  interrupted: boolean;
  to_learn: number;
  agreement: { share: Share; n: number; low: number; high: number; falling: boolean } | null;
  models: ModelInUse[];
  report: string | null;
  findings: { title: string; lines: string[] }[];
  /** A kind of job, `review`, `submit`, or empty. */
  next: string;
  job: DeskJob | null;
  history: DeskJob[];
}

interface Failure {
  error: string;
}

/** Refusal of a decision on a suggestion that has changed. */
interface Stale {
  error: string;
  group_ids: string[];
  groups: Group[];
  progress: Progress;
}

/** GET routes below /api/automation: the parameters that the page uses, and the answer. */
interface Reads {
  queue: { parameters: { filter: string; project: string }; answer: Queue };
  load_batch: { parameters: { id: string[]; picture: PictureSize }; answer: LoadBatch };
  progress: { parameters: Record<string, never>; answer: Progress };
  budget: { parameters: { project: string; level: string }; answer: Budget };
  first_day: { parameters: Record<string, never>; answer: DayReport };
  keys: { parameters: Record<string, never>; answer: Keys };
  hints: { parameters: Record<string, never>; answer: Hints };
  desk: { parameters: Record<string, never>; answer: Desk };
}

/** POST routes below /api/automation. */
interface Writes {
  decide: { body: Decide; answer: Changed };
  tag: { body: Tag; answer: Changed };
  regroup: { body: Regroup; answer: Changed };
  approve_batch: { body: ApproveBatch; answer: Changed };
  undo: { body: Empty; answer: Changed };
  redo: { body: Empty; answer: Changed };
  submit_batch: { body: Empty; answer: Submitted };
  suggest_rest: { body: Empty; answer: DayReport };
  set_keys: { body: Keys & { event_id?: string }; answer: Keys };
  see_hint: { body: { hint: HintName; event_id?: string }; answer: Hints };
  run_job: { body: RunJob; answer: Desk };
  stop_job: { body: Empty; answer: Desk };
}

/** Request that the server may not have yet. */
interface Outbox {
  path: string;
  body: Writes[keyof Writes]["body"];
  /** When it was pressed, milliseconds since 1970. */
  at?: number;
}

/** Box drawn on a picture and not decided. */
interface Draft {
  index: number;
  box: Box;
}

/** What the browser keeps for a workspace, by name. */
interface Stored {
  [outbox: `outbox.${string}`]: Outbox;
  keys: boolean;
  hidden: boolean;
  [draft: `draft.${string}`]: Draft;
}

/** Place of the person in the queue, and how the set in view is drawn. */
interface Session {
  ids: string[];
  /** Position in `ids`; their number is the end of the list. */
  index: number;
  groups: Map<string, Group>;
  /** State of the groups that are not pending, as the queue told it. */
  queueStates: Map<string, State>;
  filter: string;
  project: string;
  /** Suggestions are hidden until a picture is chosen. */
  hidden: boolean;
  cropVisible: boolean;
  /** The hidden suggestion of the set in view has been asked for. */
  revealed: boolean;
  /** The unsure crop of the set in view was shown, and the next key decides about it. */
  asked: boolean;
  /** Position of the picture that the next command is about. */
  held: number | null;
  shownAt: number;
  /** The set that is drawn, and the version of its suggestion. */
  seen: { id: string; version: string } | null;
  zoomed: boolean;
  progress: Progress | null;
}

interface Stroke {
  key: string;
  shift: boolean;
  repeat: boolean;
}

/** Keys to press, by those that the page is written for. */
type KeyMap = Record<string, string>;
type KeyLayout = "standard" | "left" | "right";

type GroupCommand = "left" | "right" | "flip" | "versus" | "difference" | "people" | "approve" | "reject" | "skip" | "keep" | "hand" | "edit" | "tags" | "sets" | "zoom";
type PageCommand = "loupe" | "crop" | "hide" | "next" | "back" | "undo" | "redo" | "submit" | "help" | "bulk";
type CommandName = GroupCommand | PageCommand;
type Command = { name: CommandName } | { name: "choose" | "hold"; index: number };

/** What a new person needs to know. */
interface Hint {
  name: HintName;
  /** Commands by which a person shows that it is known. */
  doneBy: ReadonlySet<Command["name"]>;
  /** The text for a set, keys in braces. */
  words: (group: Group) => string;
}

/** What A does to the set in view. */
type ApprovalPlan =
  | { does: "refuse"; words: string }
  | { does: "reveal" }
  | { does: "ask"; index: number }
  | { does: "keep" | "choose"; index: number; fields: { crop_coords?: Box | null } };

/** What a key means while this mode is active. */
interface Mode {
  isActive: () => boolean;
  /** Tell whether the browser must leave the key alone. */
  claims: (stroke: Stroke) => boolean;
  handleKey: (stroke: Stroke) => Promise<void> | void;
}

/** Something to be done in its turn; what it returns is awaited. */
type Job = () => unknown;

type CropTool = "guides" | "accept" | "next" | "smaller" | "larger" | "lock" | "reset" | "cancel";
type Handle = "nw" | "n" | "ne" | "e" | "se" | "s" | "sw" | "w";

/** Crop in the editor. */
interface Edit {
  group: Group;
  index: number;
  box: Box;
  proposals: readonly Box[];
  /** The aspect stays when a handle is pulled. */
  locked: boolean;
  element: HTMLElement;
  frame: Element;
  /** Boxes of before, the latest last. */
  past: Box[];
}

/** Sets offered for approval together. */
interface Batch {
  /** Ids that are offered. */
  ids: string[];
  /** Those of them that are shown. */
  listed: string[];
  /** Versions of what is offered, by id. */
  versions: Record<string, string>;
  /** Ids that are asked one by one. */
  asked: string[];
  why: string;
  levels: BudgetLevel[];
  /** How sure the suggested crops are, by id. */
  crops: Record<string, number>;
  /** Only sets with an unsure crop are shown, and the next key decides about these crops. */
  asking: boolean;
  /** Ids that are ticked. */
  left: Set<string>;
  /** How many of `listed` are drawn. */
  loaded: number;
  loading: boolean;
  /** Said before how many there are. */
  note: string;
  done: (ids: string[], asked: string[]) => Promise<void>;
}

/** Table of tags, and the checkbox in focus. */
interface TagTable {
  group: Group;
  column: number;
  row: number;
}

type SetCommand = "split" | "move" | "join";

/** A set whose members are changed, and another one of its project. */
interface SetEditor {
  group: Group;
  /** The other sets of the project. */
  ids: string[];
  /** Position of the other set in `ids`. */
  at: number;
  other: Group | null;
  /** Positions of the pictures that are ticked. */
  ticked: Set<number>;
  /** Why the last command was refused. */
  note: string;
  done: (answer: Changed, words: string) => Promise<void>;
  stale: (group: Group) => Promise<void>;
}

/** Pixels of a picture, four channels each, as a canvas gives them. */
interface Pixels {
  data: Uint8ClampedArray;
  width: number;
  height: number;
}

/** What is measured of pixels. */
type PixelMeasure = "detail" | "light" | "contrast" | "colour";

/** Width and height in CSS pixels. */
interface Size {
  w: number;
  h: number;
}

interface Grid {
  columns: number;
  tiles: Size[];
  area: number;
}

/** Part of a picture in view: the scale, 1 where it fits, and its middle in shares of the picture. */
interface Look {
  scale: number;
  x: number;
  y: number;
}

/** Side by side; one in place of the other; one that stays beside the others in turn; what two differ in. */
type CompareMode = "together" | "flip" | "champion" | "difference";

/** A set at full size. */
interface Comparison {
  group: Group;
  mode: CompareMode;
  /** Position of the picture in place of the others, and of the one that stays. */
  at: number;
  champion: number;
  look: Look;
  /** Where the pixels were looked at before the whole picture was shown. */
  fitted: Look;
  /** How far each picture is moved by itself, in shares of the picture. */
  shifts: { x: number; y: number }[];
  /** Arrows and dragging move one picture alone. */
  alone: boolean;
  /** Position of the face or hand that is magnified; -1 before the first. */
  region: number;
  /** The picture before, to which a key that was held down goes back. */
  blink: { from: number; since: number } | null;
}

/** Picture that starts to load when it is made; `ready` tells whether it could be decoded. */
type LoadingImage = HTMLImageElement & { ready: Promise<boolean> };

/** Child of an element that is made; null and undefined are left out. */
type Child = Node | string | null | undefined;
/** Attributes and properties of an element that is made; null, undefined and false are left out. */
type Properties = Record<string, string | number | boolean | ((event: Event) => void) | null | undefined>;

/** Elements of the page by their ids; types.test.js holds them against the template. */
interface Elements {
  alert: HTMLDivElement;
  announce: HTMLDivElement;
  "approve-words": HTMLSpanElement;
  aspect: HTMLSelectElement;
  bulk: HTMLDialogElement;
  "bulk-approve": HTMLButtonElement;
  "bulk-grid": HTMLDivElement;
  "bulk-count": HTMLElement;
  "bulk-hint": HTMLSpanElement;
  "bulk-level": HTMLInputElement;
  "bulk-levels": HTMLDivElement;
  "bulk-text": HTMLParagraphElement;
  "bulk-whole": HTMLButtonElement;
  chips: HTMLSpanElement;
  "crop-size": HTMLOutputElement;
  "crop-toggle": HTMLButtonElement;
  "crop-tools": HTMLDivElement;
  day: HTMLDivElement;
  decisions: HTMLDivElement;
  end: HTMLElement;
  "end-text": HTMLParagraphElement;
  "end-title": HTMLHeadingElement;
  filter: HTMLSelectElement;
  group: HTMLElement;
  heading: HTMLHeadingElement;
  guides: HTMLButtonElement;
  help: HTMLDialogElement;
  "help-keys": HTMLDivElement;
  hide: HTMLButtonElement;
  hint: HTMLDivElement;
  "hint-close": HTMLButtonElement;
  "hint-words": HTMLSpanElement;
  "keys-note": HTMLSpanElement;
  "keys-on": HTMLInputElement;
  lock: HTMLButtonElement;
  loupe: HTMLButtonElement;
  main: HTMLElement;
  pictures: HTMLDivElement;
  "progress-bar": HTMLProgressElement;
  "progress-text": HTMLSpanElement;
  project: HTMLSelectElement;
  redo: HTMLButtonElement;
  sets: HTMLDialogElement;
  "sets-after": HTMLButtonElement;
  "sets-before": HTMLButtonElement;
  "sets-join": HTMLButtonElement;
  "sets-move": HTMLButtonElement;
  "sets-note": HTMLParagraphElement;
  "sets-other": HTMLDivElement;
  "sets-own": HTMLDivElement;
  "sets-place": HTMLParagraphElement;
  "sets-split": HTMLButtonElement;
  state: HTMLSpanElement;
  status: HTMLParagraphElement;
  submit: HTMLButtonElement;
  tags: HTMLDialogElement;
  "tags-table": HTMLDivElement;
  undo: HTMLButtonElement;
  why: HTMLElement;
  zoom: HTMLDialogElement;
  "zoom-flags": HTMLSpanElement;
  "zoom-level": HTMLSpanElement;
  "zoom-panes": HTMLDivElement;
  "zoom-words": HTMLSpanElement;
}
