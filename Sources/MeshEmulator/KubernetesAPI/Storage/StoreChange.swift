/// One write to the store.
public struct StoreChange: Sendable {
  /// The kinds of write.
  public enum Kind: Sendable, Hashable {
    case added, modified, deleted
  }

  /// The kind of write.
  public let kind: Kind
  /// The object after the write; for a deletion its last state, with the revision of the deletion.
  public let object: StoredObject
  /// The object before the write.
  public let previous: StoredObject?
  /// The store's revision after the write.
  public var revision: Int { object.resourceVersion }
}

/// A write or read the store refuses.
public struct StoreError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The reasons to refuse.
  public enum Code: Sendable, Hashable {
    /// There is no object of that name.
    case notFound
    /// There is one of that name already.
    case alreadyExists
    /// It changed since the revision the writer read.
    case conflict
    /// The kind is not served, or the object lacks a kind or a name.
    case malformed
    /// The revision asked for is older than the changes kept.
    case expired
  }

  /// The reason.
  public var code: Code
  /// What it concerns, in words.
  public var subject: String

  /// Creates an error.
  public init(_ code: Code, _ subject: String) {
    self.code = code
    self.subject = subject
  }

  /// What was refused, in words.
  public var description: String {
    switch code {
    case .notFound: "\(subject) not found"
    case .alreadyExists: "\(subject) already exists"
    case .conflict: "\(subject) was changed since it was read"
    case .malformed: "\(subject) is not an object of a served kind"
    case .expired: "\(subject) is older than the changes kept"
    }
  }
}
