/// Plans that stand only once they are confirmed.
extension Deck {
  /// How long whoever takes a plan back is given before it is taken back from here too.
  private static let othersPatience = Duration.seconds(30)
  /// How long taking a plan back is tried while its plane cannot be reached.
  private static let takingBackPatience = Duration.seconds(300)

  /// Waits until a plan applied with `confirmWithin` is confirmed, and takes it back where nobody does in time or the task
  /// is cancelled. A plan that is taken back meanwhile, from here or by another process, is left to who does so.
  ///
  /// - Returns: `nil` once it is confirmed, else the receipt of taking it back.
  public func settle(
    _ receipt: Receipt, progress: @escaping @Sendable (Double) -> Void = { _ in }
  ) async throws(MeshError) -> Receipt? {
    guard let confirmBy = receipt.confirmBy else { return nil }
    let (journal, id) = (journal, receipt.plan.id)
    // The instant is for other processes: what is left is counted by a clock that nobody sets.
    let allowed = min(confirmBy.seconds - receipt.at.seconds, confirmBy.seconds - Instant.now.seconds)
    let end = ContinuousClock.now.advanced(by: .seconds(allowed))
    while true {
      let left = (end - .now) / .seconds(1)
      // A journal that cannot be read just now is read again; only the deadline ends the wait.
      switch try? journal.decision(on: id) {
      case .confirmed?: return nil
      case .expired?: if let undone = await othersUndo(of: id) { return undone }
      case nil: break
      }
      if left <= 0 || Task.isCancelled { break }
      progress(left)
      try? await Task.sleep(for: .seconds(min(0.5, left)))
    }
    if (try? journal.decide(.expired, on: receipt)) == .confirmed { return nil }
    let why = Task.isCancelled ? "not confirmed: whoever waited was stopped" : "not confirmed in time"
    // Taking back is never given up half-way, whatever stopped the wait.
    return try await Task { await takeBack(id, because: why) }.value.get()
  }

  /// Takes a plan back; where its plane cannot be reached it is tried again, since nobody else will.
  private func takeBack(_ id: String, because why: String) async -> Result<Receipt, MeshError> {
    let end = ContinuousClock.now + Self.takingBackPatience
    var pause = 0.5
    while true {
      let outcome: Result<Receipt, MeshError>
      do throws(MeshError) { outcome = .success(try await undo(id, reason: why)) } catch { outcome = .failure(error) }
      let wasSent =
        switch outcome {
        case .success(let receipt): receipt.result != .failed || receipt.failure != .unreachable
        case .failure(let error): error.code != .unreachable
        }
      guard !wasSent, end > .now else { return outcome }
      try? await Task.sleep(for: .seconds(pause))
      pause = min(pause * 2, 15)
    }
  }

  /// The receipt of the undo that somebody else began, once it went through; `nil` where it did not.
  private func othersUndo(of id: String) async -> Receipt? {
    let end = ContinuousClock.now + Self.othersPatience
    repeat {
      let receipts = (try? journal.receipts()) ?? []
      if let undo = receipts.first(where: { $0.isUndo(of: id) }), undo.result != .unknown {
        return undo.result == .applied ? undo : nil
      }
      if Task.isCancelled { return nil }
      try? await Task.sleep(for: .seconds(0.5))
    } while end > .now
    return nil
  }

  /// Confirms a plan that waits for it: the one of an id, or the newest of those that are meant.
  ///
  /// Needs the journal alone, so it works from any terminal of the user.
  public static func confirm(
    _ id: String? = nil, in journal: Journal, where isMeant: (Plan) -> Bool = { _ in true }
  ) throws(MeshError) -> Receipt {
    let waiting = try journal.awaitingConfirmation()
    guard let receipt = waiting.first(where: { id == nil ? isMeant($0.plan) : $0.plan.id == id }) else {
      if let id, let known = try journal.receipts().first(where: { $0.plan.id == id }) {
        throw MeshError(
          .refused, "plan \(id) waits for no confirmation: it is \(known.result.rawValue)",
          remedy: "see `meshdeck history`")
      }
      throw MeshError(
        .notFound, id.map { "the journal holds no plan \($0)" } ?? "no plan waits for a confirmation",
        remedy: "see `meshdeck history`")
    }
    if let deadline = receipt.confirmBy, deadline < .now {
      throw MeshError(
        .refused, "plan \(receipt.plan.id) was to be confirmed until \(deadline.rfc3339)",
        remedy: "take it back with: meshdeck undo \(receipt.plan.id)")
    }
    guard try journal.decide(.confirmed, on: receipt) == .confirmed else {
      throw MeshError(.refused, "plan \(receipt.plan.id) is being taken back already: nobody confirmed it in time")
    }
    return receipt
  }
}
