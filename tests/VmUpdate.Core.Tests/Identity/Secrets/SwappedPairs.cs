using VmUpdate.Core.Identity;
using VmUpdate.Core.Tests.Identity.Support;

namespace VmUpdate.Core.Tests.Identity.Secrets;

/// <summary>Both pairs after their swap, made once for all tests that only look: the first with DPAPI replaced, the second with it re-wrapped.</summary>
public sealed class SwappedPairs : IDisposable
{
    private PairSwap? _first;
    private PairSwap? _second;

    internal PairSwap First => _first ??= PairSwap.Run("pair", Options(DpapiMode.Replace));

    internal PairSwap Second => _second ??= PairSwap.Run("pair2", Options(DpapiMode.Rewrap));

    internal PairSwap this[string pair] => pair == "pair" ? First : Second;

    public void Dispose()
    {
        _first?.Dispose();
        _second?.Dispose();
    }

    internal static IdentityOptions Options(DpapiMode mode, params string[] onWord) => new()
    {
        VmId = SwapOfIdentity.Options.VmId,
        VmName = "PC7",
        NewGuid = Guid.NewGuid,
        UtcNow = () => DateTime.UtcNow,
        Dpapi = mode,
        CarryOnWord = onWord,
        LeaveOut = ["static-addresses"],
    };
}
