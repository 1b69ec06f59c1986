extension Deck {
  /// The owners of an object, each with whether it is held.
  public func owners(of ref: ObjectRef) async throws(MeshError) -> [KnownOwner] {
    let control = try connection(ref.plane).control
    let object = try await control.native(ref)
    var known: [KnownOwner] = []
    for owner in ObjectOwners.owners(of: object.json) {
      known.append(await OwnerSearch(control).known(owner, of: object.ref))
    }
    return known
  }

  /// An owner's own object, named as `canary/NAME`; a namespace, where given, narrows the search.
  ///
  /// Fails with `.usage` for a kind that cannot be held, `.notFound` where there is none or several of that name.
  public func owner(_ typed: String, namespace: String? = nil) async throws(MeshError) -> NativeObject {
    let parts = typed.split(separator: "/").map(String.init)
    guard parts.count == 2 || parts.count == 3, let hold = OwnerHold.of(kind: parts[0]), let name = parts.last else {
      let words = OwnerHold.all.map { "\($0.word)/NAME" }
      throw MeshError(
        .usage, "\(typed) is no owner that can be held", remedy: "one of \(words.joined(separator: ", "))")
    }
    let namespace = parts.count == 3 ? parts[1] : namespace
    var found: [NativeObject] = []
    var failure: MeshError?
    for connection in live.connections {
      do throws(MeshError) {
        found += try await connection.control.natives(hold.kind, namespace: namespace).filter { $0.ref.name == name }
      } catch {
        if error.code != .notFound { failure = error }
      }
    }
    if found.count == 1, let only = found.first { return only }
    if found.isEmpty, let failure { throw failure }
    guard found.isEmpty else {
      let names = found.map(\.ref.description).sorted().joined(separator: ", ")
      throw MeshError(.notFound, "\(typed) names several: \(names)", remedy: "say which, with -n or -p")
    }
    let place = namespace.map { " in namespace \($0)" } ?? ""
    throw MeshError(
      .notFound, "there is no \(hold.word) \(name)\(place)",
      remedy: "see `meshdeck get objects \(hold.kind) -A`")
  }

  /// The intent that tells an owner to go on, to turn back or to sync.
  public func intent(moving owner: NativeObject, _ move: OwnerMove) throws(MeshError) -> Intent {
    .object(try move.intent(for: owner, by: author, at: .now))
  }

  /// The intent that holds an owner, or lets it work again.
  public func intent(holding owner: NativeObject, _ isHeld: Bool) throws(MeshError) -> Intent {
    guard let hold = OwnerHold.of(kind: owner.ref.kind) else {
      throw MeshError(.usage, "this is no owner that can be held", object: owner.ref)
    }
    return .object(
      ObjectIntent(
        ref: owner.ref, json: try hold.object(owner.json, isHeld: isHeld), baseVersion: owner.version))
  }
}
