public import MeshModel

/// What was decided of a plan that is to be confirmed.
public enum Confirmation: String, Sendable, Hashable {
  /// It stands for good.
  case confirmed
  /// Nobody confirmed it in time, whoever waited was stopped, or somebody took it back: it is being taken back.
  case expired
}

extension Journal {
  /// What was decided of a plan so far; `nil` while it is open.
  public func decision(on id: String) throws(MeshError) -> Confirmation? {
    try Self.decision(on: id, in: entries().entries)
  }

  /// Decides, once for all processes: the decision that stands, which is another one where somebody was first.
  public func decide(_ decision: Confirmation, on receipt: Receipt) throws(MeshError) -> Confirmation {
    try locked { () throws(MeshError) in
      if let earlier = try self.decision(on: receipt.plan.id) { return earlier }
      var receipt = receipt
      if decision == .confirmed { receipt.confirmBy = nil }
      try append(JournalEntry(event: decision == .confirmed ? .confirmed : .expired, receipt: receipt))
      return decision
    }
  }

  /// The plans that are applied and wait for a confirmation, newest first.
  public func awaitingConfirmation() throws(MeshError) -> [Receipt] {
    let entries = try entries().entries
    return try receipts().filter {
      $0.confirmBy != nil && $0.result == .applied && Self.decision(on: $0.plan.id, in: entries) == nil
    }
  }

  private static func decision(on id: String, in entries: [JournalEntry]) -> Confirmation? {
    for entry in entries where entry.receipt.plan.id == id {
      if entry.event == .confirmed { return .confirmed }
      if entry.event == .expired { return .expired }
    }
    return nil
  }
}
