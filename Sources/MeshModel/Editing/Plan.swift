/// An intent turned into ordered steps that can be shown, dry-run, applied and undone.
public struct Plan: Sendable, Hashable {
  /// Its identity: a short text an operator can type.
  public var id: String
  /// What is wanted.
  public var intent: Intent
  /// What else is wanted on the same plane, where several things were asked for at once.
  public var furtherIntents: [Intent]
  /// What it does in plain language, one line.
  public var summary: String
  /// The steps in order; every prefix of them leaves a safe state.
  public var steps: [Step]
  /// The problems of the objects as they are now, and those of other objects that the plan ends.
  public var findingsBefore: [Finding]
  /// The problems of the objects as they would be, and those it brings to other objects.
  public var findingsAfter: [Finding]
  /// What would be moved or broken.
  public var blastRadius: BlastRadius
  /// Whoever else writes the objects, and what they will do about the edit.
  public var owners: [Owner]
  /// What each step was told by the server's dry run; empty until asked.
  public var verdicts: [DryRunVerdict]
  /// Things to know before applying.
  public var warnings: [String]
  /// The identity of the control plane it was made for, where no precondition of its steps holds that: what is made anew
  /// could be made anywhere. `nil` where they do, or where the control plane has none.
  public var madeFor: String?

  /// Creates a plan.
  public init(
    id: String, intent: Intent, furtherIntents: [Intent] = [], summary: String, steps: [Step],
    findingsBefore: [Finding] = [], findingsAfter: [Finding] = [], blastRadius: BlastRadius = BlastRadius(),
    owners: [Owner] = [], verdicts: [DryRunVerdict] = [], warnings: [String] = [], madeFor: String? = nil
  ) {
    self.id = id
    self.intent = intent
    self.furtherIntents = furtherIntents
    self.summary = summary
    self.steps = steps
    self.findingsBefore = findingsBefore
    self.findingsAfter = findingsAfter
    self.blastRadius = blastRadius
    self.owners = owners
    self.verdicts = verdicts
    self.warnings = warnings
    self.madeFor = madeFor
  }

  /// The problems it brings, to its own objects or to others.
  public var newFindings: [Finding] { findingsAfter.subtracting(findingsBefore) }
  /// The problems it ends, of its own objects or of others.
  public var endedFindings: [Finding] { findingsBefore.subtracting(findingsAfter) }
}

/// One write of one native object.
public struct Step: Sendable, Hashable {
  /// What is written.
  public enum Write: Sendable, Hashable {
    /// The smallest patch; its `test` operations guard the values it replaces.
    case patch(JSONPatch)
    case create(JSONValue)
    case delete
  }

  /// How far a step got.
  public enum State: String, Sendable, Hashable {
    case pending, applied, failed, waiting
    case rolledBack = "rolled-back"
    /// The request went out and no answer came: read back before anything else.
    case unknown
  }

  /// The object.
  public var object: ObjectRef
  /// The path of the object's resource on the control plane (of the collection, for a create).
  public var path: String
  /// What is written.
  public var write: Write
  /// What must hold when it is written.
  public var precondition: Precondition
  /// What takes it back exactly.
  public var inverse: Write
  /// The object before, where it existed: what the diff is drawn from.
  public var before: JSONValue?
  /// The object after: as computed here, and as the server stored it once it is applied.
  public var after: JSONValue?
  /// What must be true before the next step.
  public var barrier: Barrier?
  /// How far it got.
  public var state: State

  /// Creates a step.
  public init(
    object: ObjectRef, path: String, write: Write, precondition: Precondition, inverse: Write,
    before: JSONValue? = nil, after: JSONValue? = nil, barrier: Barrier? = nil, state: State = .pending
  ) {
    self.object = object
    self.path = path
    self.write = write
    self.precondition = precondition
    self.inverse = inverse
    self.before = before
    self.after = after
    self.barrier = barrier
    self.state = state
  }
}

/// What must hold when a step is written.
public struct Precondition: Sendable, Hashable {
  /// The version the object must still have; `nil` demands that it does not exist.
  public var version: String?
  /// The identity it must still have; empty where the plane has none.
  public var uid: String
  /// False where the plane offers no atomic check: it is read, compared, written, and the last writer wins.
  public var isAtomic: Bool

  /// Creates a precondition.
  public init(version: String?, uid: String = "", isAtomic: Bool = true) {
    self.version = version
    self.uid = uid
    self.isAtomic = isAtomic
  }
}

/// What must be true before the next step.
public enum Barrier: Sendable, Hashable {
  /// The proxies that use the object acknowledged it, within seconds.
  case acknowledged(within: Double)
}

/// What would be moved or broken by a plan.
public struct BlastRadius: Sendable, Hashable {
  /// One thing affected, in words with numbers, such as "≈80 of 266 rps move to v2".
  public var lines: [String]
  /// Requests a second that change destination, where telemetry can tell.
  public var movedRPS: Double?
  /// The callers affected.
  public var callers: [String]
  /// The callers that would no longer get through.
  public var breaks: [String]
  /// Why it cannot be told who else would no longer get through; empty where it can.
  public var unknowns: [String]
  /// The backends that would be given more requests though nothing is ready to take them.
  public var unready: [String]
  /// The workloads that a plan for one workload changes besides it, since they share the policy.
  public var others: [String]

  /// Creates a blast radius.
  public init(
    lines: [String] = [], movedRPS: Double? = nil, callers: [String] = [], breaks: [String] = [],
    unknowns: [String] = [], unready: [String] = [], others: [String] = []
  ) {
    self.lines = lines
    self.movedRPS = movedRPS
    self.callers = callers
    self.breaks = breaks
    self.unknowns = unknowns
    self.unready = unready
    self.others = others
  }
}

/// What the server said to a dry run of one step.
public struct DryRunVerdict: Sendable, Hashable {
  /// The index of the step.
  public var step: Int
  /// Whether it was accepted; `nil` where the server cannot say.
  public var accepted: Bool?
  /// The server's words, or why it was not asked.
  public var message: String
  /// The object the server would store, where it said.
  public var result: JSONValue?
  /// The kind of refusal, where it was refused: the command line's exit code.
  public var failure: MeshError.Code?

  /// Creates a verdict.
  public init(
    step: Int, accepted: Bool?, message: String, result: JSONValue? = nil, failure: MeshError.Code? = nil
  ) {
    self.failure = failure
    self.step = step
    self.accepted = accepted
    self.message = message
    self.result = result
  }
}

/// What became of a plan.
public struct Receipt: Sendable, Hashable {
  /// How it ended.
  public enum Result: String, Sendable, Hashable {
    case applied
    case undone
    case failed
    case partial
    case rolledBack = "rolled-back"
    case unknown
  }

  /// The plan, its steps in their final state.
  public var plan: Plan
  /// How it ended.
  public var result: Result
  /// When it ended; that it is taken back later does not change it.
  public var at: Instant
  /// Who did it, as the control plane or the machine knows them.
  public var author: String
  /// Why, in the operator's words.
  public var reason: String
  /// What went wrong, if anything.
  public var error: String?
  /// The kind of failure, if anything went wrong: the command line's exit code.
  public var failure: MeshError.Code?
  /// The versions of the objects after each applied step, by step index: what undo demands to find.
  public var versions: [Int: String]
  /// How many proxies run it, where that was waited for.
  public var acknowledgement: Acknowledgement?
  /// Until when it is to be confirmed, else it is taken back; `nil` where it stands for good.
  public var confirmBy: Instant?

  /// Creates a receipt.
  public init(
    plan: Plan, result: Result, at: Instant, author: String, reason: String, error: String? = nil,
    failure: MeshError.Code? = nil, versions: [Int: String] = [:], acknowledgement: Acknowledgement? = nil,
    confirmBy: Instant? = nil
  ) {
    self.plan = plan
    self.result = result
    self.at = at
    self.author = author
    self.reason = reason
    self.error = error
    self.failure = failure
    self.versions = versions
    self.acknowledgement = acknowledgement
    self.confirmBy = confirmBy
  }
}
