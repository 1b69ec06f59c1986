import Synchronization

/// Misbehaviour ordered from a server, so that a client can be tested against it.
public final class Faults: Sendable {
  /// What goes wrong.
  public enum Effect: Sendable, Hashable {
    /// The request is answered with this HTTP code and a `Status`; `Retry-After` in seconds where given.
    case status(Int, retryAfter: Int? = nil)
    /// The request is answered with a redirect to this address.
    case redirect(to: String)
    /// The answer comes this many milliseconds late.
    case delay(milliseconds: Int)
    /// The connection closes after this many bytes of the body, of which more were announced.
    case truncate(afterBytes: Int)
    /// The connection closes without an answer.
    case disconnect
    /// The body is replaced by these bytes, with code 200.
    case garbage([UInt8])
    /// The continue token of a list is told to have expired.
    case expireContinue
    /// A watch answers with its first line that the revision is gone.
    case expireWatch
  }

  /// One ordered misbehaviour.
  public struct Order: Sendable, Hashable {
    /// The beginning of the paths it strikes.
    public var pathPrefix: String
    /// The method it strikes; every one where `nil`.
    public var method: String?
    /// How many more requests it strikes.
    public var count: Int
    /// What it does.
    public var effect: Effect

    /// Creates an order.
    public init(pathPrefix: String = "/", method: String? = nil, count: Int = 1, effect: Effect) {
      self.pathPrefix = pathPrefix
      self.method = method
      self.count = count
      self.effect = effect
    }
  }

  private let orders: Mutex<[Order]>

  /// Creates a set of orders.
  public init(_ orders: [Order] = []) { self.orders = Mutex(orders) }

  /// Orders a misbehaviour.
  public func add(_ order: Order) { orders.withLock { $0.append(order) } }

  /// The effects that strike a request, each used up by one.
  func strike(method: String, path: String) -> [Effect] {
    orders.withLock { orders in
      guard !orders.isEmpty else { return [] }
      var effects: [Effect] = []
      for index in orders.indices where orders[index].count > 0 {
        let order = orders[index]
        guard path.hasPrefix(order.pathPrefix), order.method == nil || order.method == method else { continue }
        orders[index].count -= 1
        effects.append(order.effect)
      }
      orders.removeAll { $0.count <= 0 }
      return effects
    }
  }
}
