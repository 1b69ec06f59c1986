/// A configuration problem: what, where, and what to do.
public struct Finding: Sendable, Hashable {
  /// How bad it is.
  public enum Severity: String, Sendable, Hashable, CaseIterable, Comparable {
    case info, warning, error

    /// The order used for sorting.
    public static func < (left: Severity, right: Severity) -> Bool {
      (allCases.firstIndex(of: left) ?? 0) < (allCases.firstIndex(of: right) ?? 0)
    }
  }

  /// Meshdeck's own code, such as `MD1101`.
  public var code: String
  /// How bad it is.
  public var severity: Severity
  /// The object.
  public var object: ObjectRef
  /// The place in the object.
  public var pointer: JSONPointer
  /// What is wrong, in words.
  public var message: String
  /// What to do about it, in words.
  public var remedy: String
  /// The codes other tools give it, such as `KIA1107` and `IST0101`.
  public var equivalents: [String]

  /// Creates a finding.
  public init(
    code: String, severity: Severity, object: ObjectRef, pointer: JSONPointer, message: String, remedy: String,
    equivalents: [String] = []
  ) {
    self.code = code
    self.severity = severity
    self.object = object
    self.pointer = pointer
    self.message = message
    self.remedy = remedy
    self.equivalents = equivalents
  }
}

extension [Finding] {
  /// The problems that are none of `others`.
  ///
  /// A problem is the same one where its code and object are and either its place or its words: a rule put before it moves
  /// the place, and what is named in the words may change.
  public func subtracting(_ others: [Finding]) -> [Finding] {
    var known = Dictionary(grouping: others, by: \.object)
    return filter { finding in
      let same = known[finding.object]?.firstIndex {
        $0.code == finding.code && ($0.pointer == finding.pointer || $0.message == finding.message)
      }
      if let same { known[finding.object]?.remove(at: same) }
      return same == nil
    }
  }
}
