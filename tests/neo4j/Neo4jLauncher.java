import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.neo4j.configuration.GraphDatabaseSettings;
import org.neo4j.configuration.connectors.BoltConnector;
import org.neo4j.configuration.helpers.SocketAddress;
import org.neo4j.dbms.api.DatabaseManagementServiceBuilder;

/** Runs one Neo4j on loopback until standard input closes: java Neo4jLauncher.java FOLDER PORT, password in NEO4J_PASSWORD. */
public class Neo4jLauncher {
    public static void main(String[] args) throws Exception {
        var service = new DatabaseManagementServiceBuilder(Path.of(args[0]))
                .setConfig(GraphDatabaseSettings.auth_enabled, true)
                .setConfig(GraphDatabaseSettings.pagecache_memory, 512L << 20)
                .setConfig(BoltConnector.enabled, true)
                .setConfig(BoltConnector.listen_address, new SocketAddress("127.0.0.1", Integer.parseInt(args[1])))
                .build();
        service.database("system").executeTransactionally(
                "ALTER USER neo4j SET PLAINTEXT PASSWORD '" + System.getenv("NEO4J_PASSWORD") + "' CHANGE NOT REQUIRED");
        System.out.println("ready");
        while (System.in.read() >= 0) { /* the parent holds the other end: it closes when the parent ends, however it ends */ }
        service.shutdown();
    }
}
