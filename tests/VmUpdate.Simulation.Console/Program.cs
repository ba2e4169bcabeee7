using System.Globalization;
using VmUpdate.DiskFormats.Blocks;
using VmUpdate.DiskFormats.Vhdx;
using VmUpdate.Simulation.Console;
using VmUpdate.Simulation.Disks;
using VmUpdate.Simulation.World;

// Plays the broker's world: --steps N (default 1000000) from a fresh or a given --seed S; --seed S alone plays that one world, with --trace in words;
// --kills N kills a broker in a process of its own N times. --spoil KIND VHDX makes a disk of no use,
// --copy VHDX TARGET copies a disk with all its parents, --sealed-disks FOLDER makes two with secrets on them and a list of those, for tests that must not load the libraries.
int Number(string name, int otherwise)
{
    int at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? int.Parse(args[at + 1], CultureInfo.InvariantCulture) : otherwise;
}

if (args is ["--broker", var folder])
{
    await KillCampaign.RunBrokerAsync(folder);
    return 0;
}

if (args is ["--sealed-disks", var target])
{
    SealedDisks.Write(target);
    return 0;
}

if (args is ["--copy", var source, var copy])
{
    using VhdxDisk copied = VhdxDisk.CreateCopy(copy, source, new VhdxCreateOptions { Files = new HostFileSystem(), NewGuid = Guid.NewGuid }, CancellationToken.None);
    copied.Complete();
    return 0;
}

if (args is ["--spoil", var kind, var disk])
{
    SpoiledDisk.Spoil(disk, kind);
    return 0;
}

int seed = Number("--seed", Environment.TickCount);
bool isOneWorld = args.Contains("--seed") && !args.Contains("--steps");
Console.WriteLine($"seed {seed}");
try
{
    if (args.Contains("--kills"))
    {
        string work = Directory.CreateTempSubdirectory("vmupdate-kill-").FullName;
        int kills = Number("--kills", 200);
        int hits = await KillCampaign.RunAsync(work, [Environment.ProcessPath!, "--broker"], seed, kills);
        Directory.Delete(work, recursive: true);
        Console.WriteLine($"{kills} kills, {hits} of them in the midst of work: nothing lost");
        return 0;
    }

    CampaignResult result = isOneWorld ? Campaign.PlayWorld(seed, args.Contains("--trace") ? Console.WriteLine : null) : Campaign.Run(seed, Number("--steps", 1_000_000), Console.WriteLine);
    Console.WriteLine(result);
    return 0;
}
catch (SimulationFailedException failure)
{
    Console.Error.WriteLine(failure.Message);
    return 1;
}
