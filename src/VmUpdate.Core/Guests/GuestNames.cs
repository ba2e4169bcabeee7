using VmUpdate.Core.Machines;

namespace VmUpdate.Core.Guests;

/// <summary>What guests are called: as the host knows it, and asked in another way where the host has none.</summary>
/// <param name="host">What the host has of its own.</param>
/// <param name="direct">The other way.</param>
public sealed class GuestNames(IGuestChannel host, IGuestChannel direct) : IGuestChannel
{
    /// <inheritdoc/>
    public async Task<GuestReply> GetComputerNameAsync(VmKey vm, TimeSpan timeout, CancellationToken cancellation) =>
        await host.GetComputerNameAsync(vm, timeout, cancellation).ConfigureAwait(false) is { Kind: not GuestReplyKind.Unavailable } reply
            ? reply
            : await direct.GetComputerNameAsync(vm, timeout, cancellation).ConfigureAwait(false);
}
