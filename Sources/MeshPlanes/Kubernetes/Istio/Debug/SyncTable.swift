import MeshModel

/// The proxies of one istiod, read while its answer comes.
///
/// istiod tells of all its proxies whenever it is asked, 77 MB of 50,000 where it tells each state in both forms, and of nearly all
/// just what it told before: one whose bytes are those of the answer before is taken from there, and so kept once.
struct SyncTable: PieceReader {
  private let plane: PlaneName
  private let snapshot: MeshSnapshot
  private let memo: SyncMemo
  private var replica = ""
  /// The answer before.
  private var earlier = DigestedAnswer<ProxyState>()
  private var generation: Int?
  /// How many proxies are as before, in their places; all so far unless ``isOther``.
  private var same = 0
  private var isOther = false
  /// The proxies of an answer that is another.
  private var states = DigestedAnswer<ProxyState>()
  private var cutter = ArrayCutter()
  private var fault: JSONError?

  init(plane: PlaneName, snapshot: MeshSnapshot, memo: SyncMemo = SyncMemo()) {
    self.plane = plane
    self.snapshot = snapshot
    self.memo = memo
  }

  mutating func begin(_ replica: String) {
    self.replica = replica
    guard let answer = memo.answer(of: replica) else { return }
    (earlier, generation) = (answer.states, answer.generation)
  }

  mutating func feed(_ piece: [UInt8]) {
    var cutter = cutter
    self.cutter = ArrayCutter()
    cutter.feed(piece) { take($0) }
    self.cutter = cutter
  }

  private mutating func take(_ bytes: ArraySlice<UInt8>) {
    guard fault == nil else { return }
    let digest = earlier.digest(bytes)
    if let place = earlier.place(of: digest) {
      if !isOther, place == same {
        same += 1
      } else {
        part()
        states.append(earlier.parts[place], digest)
      }
      return
    }
    part()
    do throws(JSONError) {
      guard var state = try SyncReader.proxy(bytes, plane: plane, like: states.parts.last) else { return }
      if let endpoint = endpoint(of: state.ref) {
        // The name is kept once.
        state.place(at: endpoint.ref, of: endpoint.workload)
      }
      states.append(state, digest)
    } catch {
      fault = error
    }
  }

  /// From here on the answer is another than the one before.
  private mutating func part() {
    guard !isOther else { return }
    isOther = true
    states = earlier.prefix(same)
  }

  /// All proxies, once the answer has come to its end.
  func finish() throws(JSONError) -> [ProxyState] {
    if let fault { throw fault }
    guard cutter.isWhole else { throw JSONError(.malformed, at: 0, expected: "an array of proxies") }
    // The arrays themselves, where nothing is missing at the end either.
    var states = isOther ? states : earlier.prefix(same)
    if let generation, snapshot.generation == 0 || snapshot.generation != generation { states.replaceParts(place) }
    memo.keep(SyncMemo.Answer(states: states, generation: snapshot.generation), of: replica)
    return states.parts
  }

  /// Finds the workloads of proxies anew, in a configuration that is no longer that of the answer before.
  private func place(_ states: inout [ProxyState]) {
    for place in states.indices {
      var pod = states[place].ref
      pod.kind = "pod"
      let endpoint = endpoint(of: pod)
      let (ref, workload) = (endpoint?.ref ?? pod, endpoint?.workload)
      // The array is copied only where something is another.
      if states[place].ref != ref || states[place].workload != workload { states[place].place(at: ref, of: workload) }
    }
  }

  /// The pod or VM of a proxy's name: istiod names proxies alike, whatever they run on.
  private func endpoint(of proxy: ObjectRef) -> Endpoint? {
    var entry = proxy
    entry.kind = IstioKind.workloadEntry.rawValue
    return snapshot.endpoints[proxy] ?? snapshot.endpoints[entry]
  }
}
