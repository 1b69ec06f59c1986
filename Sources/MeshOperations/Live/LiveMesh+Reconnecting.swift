public import MeshModel
import MeshPlanes

/// What a plane is still to tell again after its following began anew.
struct Renewal: Sendable {
  /// The feeds there were.
  let feeds: Set<MeshSnapshot.FeedKey>
  /// Those of them that have not answered yet.
  var awaited: Set<MeshSnapshot.FeedKey>
  /// Those that were refused: what is known of them stays.
  var refused: Set<MeshSnapshot.FeedKey> = []
  /// The things known before that were not told of since.
  var unseen: Set<ObjectRef>

  /// Takes in how a feed is being read; answers what turns out to be gone by that.
  mutating func hear(_ state: FeedState, of key: MeshSnapshot.FeedKey) -> [ObjectRef] {
    switch state {
    case .live, .absent:
      let isNews = awaited.remove(key) != nil
      guard refused.remove(key) != nil || isNews else { return [] }
    case .refused:
      guard awaited.remove(key) != nil else { return [] }
      refused.insert(key)
    case .loading, .stale: return []
    }
    let gone = unseen.filter { ref in
      let own = MeshSnapshot.FeedKey(plane: ref.plane, kind: ref.kind)
      // Things of a kind that has no feed of its own come out of any.
      return feeds.contains(own) ? !awaited.contains(own) && !refused.contains(own) : awaited.isEmpty
    }
    unseen.subtract(gone)
    return Array(gone)
  }
}

extension LiveMesh {
  /// Follows a plane anew at once: pauses after failures and refusals that were believed are forgotten, everything is listed
  /// again. What is known stays, with its age, until the plane tells it again or a complete list no longer holds it.
  ///
  /// Does nothing for a plane that is not followed.
  public func reconnect(_ plane: PlaneName) {
    guard let old = tasks[plane], let connection = connections.first(where: { $0.name == plane }) else { return }
    for task in old { task.cancel() }
    let feeds = Set(view.snapshot.feeds.keys.filter { $0.plane == plane })
    renewals[plane] = Renewal(
      feeds: feeds, awaited: feeds, unseen: Set(view.snapshot.refs { $0.plane == plane }))
    begin(connection)
  }

  /// Whether a change would make what is out of date look as if it were not known yet.
  func isHiddenByRenewal(_ change: MeshChange) -> Bool {
    guard case .feed(let key, .loading) = change, renewals[key.plane] != nil,
      case .stale? = view.snapshot.feeds[key]
    else { return false }
    return true
  }

  /// Takes in what planes that are followed anew told, and drops what turns out to be gone.
  func noteRenewed(_ changes: [MeshChange]) {
    guard !renewals.isEmpty else { return }
    for change in changes {
      switch change {
      case .upsert(let entity): renewals[entity.ref.plane]?.unseen.remove(entity.ref)
      case .remove(let ref): renewals[ref.plane]?.unseen.remove(ref)
      case .reset(let key, let entities):
        for entity in entities { renewals[key.plane]?.unseen.remove(entity.ref) }
      case .feed, .mesh: break
      }
    }
    for case .feed(let key, let state) in changes {
      for ref in renewals[key.plane]?.hear(state, of: key) ?? [] {
        view.routesSince[ref] = nil
        view.snapshot.apply(.remove(ref))
      }
      if renewals[key.plane]?.unseen.isEmpty == true { renewals[key.plane] = nil }
    }
  }
}
