namespace VmUpdate.Libvirt.Tests.Support;

/// <summary>What comes true in a while.</summary>
internal static class Eventually
{
    internal static Task TrueAsync(Func<bool> condition) => TrueAsync(() => Task.FromResult(condition()));

    internal static async Task TrueAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(RealHost.Patience);
        while (!await condition())
        {
            await Task.Delay(20, limit.Token);
        }
    }
}
